import { type Cells, read } from './tables.ts';

/** The parts of a bill. */
export const parts = [
  'API Gateway',
  'Lambda',
  'DynamoDB',
  'logs',
  'internet',
  'X-Ray',
  'fixed',
] as const;

/** A month's bill, in dollars. */
export type Bill = Readonly<Record<(typeof parts)[number], number>>;

/** What stands before the Lambdas, in API Gateway's place. */
export type Door = 'REST API' | 'HTTP API' | 'CloudFront';

/** Computes a month of 30 days from the tables `prices`, `assumed` and `use` of a text. */
export function model(text: string) {
  const assumed = (name: string) =>
    number(read(text, 'assumed').find((row) => row.name === name) ?? {}, 'value');

  /** What a month's quantity costs: each unit by the tier that it falls into. */
  function cost(name: string, quantity: number): number {
    const price = read(text, 'prices').find((row) => row.name === name);
    if (!price?.dollars) throw new Error(`there is no price "${name}"`);
    let [sum, from] = [0, 0];
    for (const tier of price.dollars.split(', ')) {
      const [dollars = 0, upTo = Infinity] = tier.split(' to ').map((part) => numeric(part, name));
      sum += Math.max(0, Math.min(quantity, upTo) - from) * dollars;
      from = upTo;
    }
    return sum;
  }

  /** Milliseconds billed for a refresh. A Lambda has its MB over 1,769 of a core. */
  function billedMs(use: Cells): number {
    const storage = number(use, 'writes') > 0 ? assumed('writeMs') : assumed('readMs');
    const second = number(use, 'writes') > 0 && number(use, 'reads') > 0 ? assumed('readMs') : 0;
    const cpu = (number(use, 'cpu') * 1769) / number(use, 'memory');
    const warm = Math.ceil(assumed('runtimeMs') + cpu + storage + second);
    return warm + assumed('coldShare') * assumed('coldMs');
  }

  /** DynamoDB: refreshes, the unit that a starting Lambda uses, opening sessions and storing them. */
  function table(use: Cells, refreshes: number): number {
    const opened = refreshes / assumed('perSession');
    const primed = refreshes * assumed('coldShare');
    const [writes, reads] = [number(use, 'writes'), number(use, 'reads')];
    const [write, read] = writes > 0 ? [primed, 0] : [0, primed];
    const stored = (opened / 30) * assumed('daysStored') * number(use, 'stored');
    return (
      cost('write', (refreshes * writes + opened * number(use, 'opening') + write) / 1e6) +
      cost('read', (refreshes * reads + read) / 1e6) +
      cost('storage', stored / 1e9)
    );
  }

  function kept(gigabytes: number): number {
    return cost('keptLog', gigabytes * assumed('logKept') * assumed('logMonths'));
  }

  /** What so many refreshes a day cost. CloudFront's own log is not counted. */
  function bill(use: Cells, perDay: number, door: Door = 'REST API'): Bill {
    const refreshes = perDay * 30;
    const always = Math.min(refreshes, assumed('tracedPerSecond') * 86_400 * 30);
    const gigabytes = (bytes: number) => (refreshes * bytes) / 1e9;
    const line = gigabytes(number(use, 'line'));
    const access = door === 'CloudFront' ? 0 : gigabytes(number(use, 'access'));
    const sent = gigabytes(number(use, 'answer') + assumed('headers'));
    const gigabyteSeconds = (refreshes * billedMs(use) * number(use, 'memory')) / 1000 / 1024;
    return {
      'API Gateway': cost(door, refreshes / 1e6),
      Lambda: cost('invocation', refreshes / 1e6) + cost('lambda', gigabyteSeconds / 1e6),
      DynamoDB: table(use, refreshes),
      logs: cost('lambdaLog', line) + cost('log', access) + kept(line + access),
      internet: cost(door === 'CloudFront' ? 'edgeSent' : 'sent', sent),
      'X-Ray': cost('trace', (always + (refreshes - always) * assumed('traced')) / 1e6),
      fixed: assumed('fixed'),
    };
  }

  /** What the same handlers cost on Fargate tasks behind a load balancer. */
  function container(use: Cells, perDay: number): number {
    const [perSecond, hours] = [perDay / 86_400, 720];
    const busy = assumed('taskPerSecond') * assumed('taskBusy');
    const line = (perDay * 30 * number(use, 'line')) / 1e9;
    const { DynamoDB, internet, fixed } = bill(use, perDay);
    return (
      cost('task', hours * Math.max(2, Math.ceil(perSecond / busy))) +
      cost('balancer', hours) +
      cost('balancerUnit', (hours * perSecond) / 25) +
      cost('log', line) +
      kept(line) +
      DynamoDB +
      internet +
      fixed
    );
  }

  /** What Cognito charges: for a user who is active in a month, however often. */
  function cognito(plan: 'essentials' | 'lite', perDay: number): number {
    return cost(plan, (perDay * 30) / assumed('perUser'));
  }

  return { billedMs, bill, container, cognito };
}

/** All of a bill. */
export function total(bill: Bill): number {
  return parts.reduce((sum, part) => sum + bill[part], 0);
}

function number(row: Cells, column: string): number {
  return numeric(row[column] ?? '', `the column "${column}"`);
}

function numeric(text: string, where: string): number {
  if (text.trim() === '' || Number.isNaN(Number(text)))
    throw new Error(`${where}: "${text}" is not a number`);
  return Number(text);
}
