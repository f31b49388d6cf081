import { lambdas } from './bill.ts';
import type { Fixed, Subject } from './facts.ts';

/** A limit as it is by default, and what a load asks of it. */
export interface Limit {
  readonly name: LimitName;
  /** Refreshes a second for a gateway, Lambdas at once, or units a second. */
  readonly allows: number;
  readonly asked: number;
}

export type LimitName = 'key' | 'stage' | 'new table' | 'API Gateway' | 'Lambda' | 'table';

/** Every limit that refreshes a second run into, at so many in the busiest second. */
export function limits(subject: Subject, fixed: Fixed, perSecond: number): readonly Limit[] {
  const { write, read, keyed } = subject;
  return [
    ...(keyed ? [{ name: 'key', allows: fixed.keyRate, asked: perSecond } as const] : []),
    { name: 'stage', allows: fixed.rate, asked: perSecond },
    // 4,000 writes a second, or three times as many reads.
    { name: 'new table', allows: 4000, asked: Math.max(write, read / 3) * perSecond },
    { name: 'API Gateway', allows: 10_000, asked: perSecond },
    { name: 'Lambda', allows: 1000, asked: lambdas(subject, perSecond) },
    { name: 'table', allows: 40_000, asked: Math.max(write, read) * perSecond },
  ];
}

/** The limits that do not hold a load, the tightest first. */
export function binding(all: readonly Limit[]): readonly Limit[] {
  return all.filter((limit) => used(limit) > 1).toSorted((one, other) => used(other) - used(one));
}

/** How much of a limit is used; over 1 it binds. */
export function used({ allows, asked }: Limit): number {
  return asked / allows;
}

/** What each limit is, what lifts it, and who says so. */
export const lifted = {
  key: {
    is: 'the plan of the client `workspace`, a second and key',
    by: '`clients` in `infra/stages/prod.ts`',
    page: 'ours',
  },
  stage: {
    is: 'the throttle of `prod`, a second and contract',
    by: '`throttle` in `infra/stages/prod.ts`, or of one contract',
    page: 'ours',
  },
  'new table': {
    is: 'a table that was never busier: 4,000 writes or 12,000 reads a second',
    by: 'time: it takes twice its last peak within half an hour; at once by `warmThroughput` in `infra/stages/prod.ts`, before the day',
    page: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html',
  },
  'API Gateway': {
    is: 'requests a second of the account in a Region, all its APIs together, and a burst of 5,000',
    by: 'a request to AWS (Service Quotas; it sets the burst by the rate), then more accounts or Regions',
    page: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html',
  },
  Lambda: {
    is: 'Lambdas at once of the account in a Region, each serving ten requests a second at most',
    by: 'a request to AWS, to tens of thousands; a Lambda grows by 1,000 in ten seconds, whatever the quota',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html',
  },
  table: {
    is: 'units a second of one table, of writes and of reads each',
    by: 'a request to AWS',
    page: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html',
  },
} as const satisfies Record<LimitName, object>;
