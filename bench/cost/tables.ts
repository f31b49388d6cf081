import { measured, stated } from './assumptions.ts';
import { breakEven, cognitoCost, container } from './beside.ts';
import { type Bill, bill, billedMs, total } from './bill.ts';
import type { Cells } from './document.ts';
import type { Facts, Subject } from './facts.ts';
import { liftedTable, limitTable } from './limit-tables.ts';
import { loads } from './loads.ts';
import { asOf, prices, region } from './prices.ts';
import { dollars, perMillion, whole } from './shown.ts';

/** The tables of docs/capacity.md, by the word that marks their place there. */
export function tables(facts: Facts): Readonly<Record<string, readonly Cells[]>> {
  return {
    logs: logTable(facts),
    million: millionTable(facts),
    month: monthTable(facts),
    beside: besideTable(facts),
    limits: limitTable(typical(facts), facts.fixed),
    lifted: liftedTable(facts),
    assumed: assumedTable(),
    prices: priceTable(),
  };
}

/** The size of day at which contracts are compared. */
const compared = 1e8;

/** The contract and claims whose loads are compared: the smallest one that writes. */
function typical({ subjects }: Facts): Subject {
  const [first] = subjects;
  if (!first) throw new Error('there is no contract');
  return first;
}

function logTable({ subjects }: Facts): readonly Cells[] {
  return subjects
    .filter(({ claimsKB }) => claimsKB === subjects[0]?.claimsKB)
    .map(({ name, logs: { line, access } }) => ({
      contract: `\`${name}\``,
      'request line': whole(line),
      'access log': whole(access),
      'bytes a refresh': whole(line + access),
    }));
}

function millionTable({ subjects, fixed }: Facts): readonly Cells[] {
  return subjects.map((subject) => {
    const month = bill(subject, fixed, compared);
    return {
      contract: `\`${subject.name}\``,
      'claims kB': String(subject.claimsKB),
      'units w + r': `${subject.write} + ${subject.read}`,
      'billed ms': billedMs(subject).toFixed(1),
      'answer B': whole(subject.answer),
      ...parts(month, (part) => dollars(perMillion(part, compared))),
      total: `**${dollars(perMillion(total(month), compared))}**`,
    };
  });
}

function monthTable(facts: Facts): readonly Cells[] {
  return loads.map(({ name, perDay }) => {
    const month = bill(typical(facts), facts.fixed, perDay);
    return {
      load: name,
      ...parts(month, dollars),
      'a month': `**${dollars(total(month))}**`,
      'a million': `**${dollars(perMillion(total(month), perDay))}**`,
    };
  });
}

function besideTable(facts: Facts): readonly Cells[] {
  const subject = typical(facts);
  return loads.map((load) => {
    const { perDay, shoppers } = load;
    const own = total(bill(subject, facts.fixed, perDay));
    const boxes = container(subject, facts.fixed, perDay);
    const each = (month: number) => dollars(perMillion(month, perDay));
    return {
      load: load.name,
      'shoppers a month': whole(shoppers),
      'this service': each(own),
      container: each(boxes.total),
      'of it tasks and balancer': each(boxes.compute),
      tasks: whole(boxes.tasks),
      'Cognito Essentials': each(cognitoCost(shoppers, prices.essentials)),
      'Cognito Lite': each(cognitoCost(shoppers, prices.lite)),
      'Essentials is cheaper from': whole(
        breakEven(perMillion(own, perDay), cognitoCost(1, prices.essentials)),
      ),
    };
  });
}

function assumedTable(): readonly Cells[] {
  const rows = Object.entries(stated).map(([name, [value, meaning]]) => [name, value, meaning]);
  const { cpuMs, perSecond } = measured;
  const benched = [
    ...Object.entries(cpuMs).map(([name, ms]) => [`cpuMs.${name}`, ms, 'measured']),
    ...Object.entries(perSecond).map(([name, rate]) => [`perSecond.${name}`, rate, 'measured']),
  ];
  return [...rows, ...benched].map(([name, value, meaning]) => ({
    parameter: `\`${name}\``,
    value: String(Number(Number(value).toPrecision(3))),
    'what it is': String(meaning),
  }));
}

function priceTable(): readonly Cells[] {
  return Object.values(prices).map((price) => ({
    what: price.what,
    [`list price, ${region}, ${asOf}`]: price.list,
    page: price.page,
    'read in': 'readIn' in price ? price.readIn : '**as known, verify**',
  }));
}

function parts(month: Bill, shown: (part: number) => string): Cells {
  return {
    'API Gateway': shown(month.gateway),
    Lambda: shown(month.lambda),
    DynamoDB: shown(month.table),
    logs: shown(month.logs),
    'to the internet': shown(month.egress),
    'X-Ray': shown(month.traces),
    fixed: shown(month.fixed),
  };
}
