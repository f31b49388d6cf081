import { model, parts, total } from './model.ts';
import { type Cells, filled, read } from './tables.ts';

const loads = [5, 6, 7, 8, 9].map((power) => ({ load: `10^${power}`, perDay: 10 ** power }));

/** The refreshes a day at which contracts are compared. */
const compared = 1e8;

/** docs/capacity.md with its computed tables, and the points of its plot. */
export function computed(page: string, inputs: string) {
  const { bill, billedMs, container, cognito } = model(page + inputs);
  const [first = {}, ...others] = read(inputs, 'use');

  const month = loads.map(({ load, perDay }) => {
    const dollarsOf = bill(first, perDay);
    return {
      'refreshes a day': load,
      ...Object.fromEntries(parts.map((part) => [part, shown(dollarsOf[part])])),
      'a month': shown(total(dollarsOf)),
      'a million': `**${shown(perMillion(total(dollarsOf), perDay))}**`,
    };
  });

  const million = [first, ...others].map((use) => {
    const dollarsOf = bill(use, compared);
    const each = parts.map((part) => [part, shown(perMillion(dollarsOf[part], compared))]);
    return {
      contract: `\`${use.contract}\``,
      'claims kB': use['claims kB'] ?? '',
      'billed ms': billedMs(use).toFixed(1),
      ...Object.fromEntries(each),
      total: `**${shown(perMillion(total(dollarsOf), compared))}**`,
    };
  });

  const points = loads.flatMap(({ perDay }) =>
    Object.entries({
      'this stack': total(bill(first, perDay)),
      'with HTTP APIs': total(bill(first, perDay, 'HTTP API')),
      'CloudFront, function URLs': total(bill(first, perDay, 'CloudFront')),
      container: container(first, perDay),
      'Cognito Essentials': cognito('essentials', perDay),
      'Cognito Lite': cognito('lite', perDay),
    }).map(([way, sum]) => ({ way, perDay, dollars: perMillion(sum, perDay) })),
  );

  const beside: Cells[] = loads.map(({ load, perDay }) => ({
    'refreshes a day': load,
    ...Object.fromEntries(
      points.filter((one) => one.perDay === perDay).map((one) => [one.way, shown(one.dollars)]),
    ),
  }));

  const tables = { month, million, beside };
  const filling = (text: string, [name, rows]: [string, Cells[]]) => filled(text, name, rows);
  return { page: Object.entries<Cells[]>(tables).reduce(filling, page), points };
}

function perMillion(month: number, perDay: number): number {
  return month / ((perDay * 30) / 1e6);
}

/** Dollars: whole from a hundred on, a third digit below one. */
function shown(amount: number): string {
  if (amount >= 100) return Math.round(amount).toLocaleString('en-US');
  return amount >= 1 ? amount.toFixed(2) : amount.toFixed(3);
}
