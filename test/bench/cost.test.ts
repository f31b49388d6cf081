import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { assumed, stated } from '../../bench/cost/assumptions.ts';
import { breakEven, cognitoCost, container } from '../../bench/cost/beside.ts';
import {
  bill,
  billedMs,
  durationMs,
  lambdas,
  total,
  tracesASecond,
} from '../../bench/cost/bill.ts';
import { filled } from '../../bench/cost/document.ts';
import { type Facts, type Fixed, facts, type Subject } from '../../bench/cost/facts.ts';
import { binding, limits, used } from '../../bench/cost/limits.ts';
import { crowd, daily } from '../../bench/cost/loads.ts';
import { prices } from '../../bench/cost/prices.ts';
import { dollars, perMillion } from '../../bench/cost/shown.ts';
import { tables } from '../../bench/cost/tables.ts';
import { tiered } from '../../bench/cost/tiers.ts';
import { settings as prod } from '../../infra/stages/prod.ts';

/** A session whose numbers are round: a warm refresh takes 1 + 2 + 4 ms. */
const subject: Subject = {
  name: 'round',
  claimsKB: 1,
  write: 1,
  read: 0,
  requests: 1,
  opening: 2,
  stored: 1000,
  answer: 300,
  logs: { line: 1000, access: 400 },
  cpuMs: 2 * assumed.lambdaCore,
  perSecond: 100,
  daysStored: 1.5,
  secretsRead: 1,
  keyed: false,
};
const fixed: Fixed = {
  metrics: 10,
  alarms: 5,
  dashboards: 1,
  secrets: 2,
  rate: 2000,
  keyRate: 200,
};

describe('docs/capacity.md', () => {
  let found: Facts;
  beforeAll(async () => {
    found = await facts();
  }, 60_000);

  test('has the tables that `npm run cost` writes', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/capacity.md'), 'utf8');
    expect(text, 'run `npm run cost`').toBe(filled(text, tables(found)));
  });

  test('goes by the units that DynamoDB Local charges', () => {
    expect(
      found.subjects.map(({ name, claimsKB, write, read }) => [name, claimsKB, write, read]),
    ).toEqual([
      ['eos', 0.2, 1, 0],
      ['eos', 1, 1, 1],
      ['eos', 4, 1, 2],
      ['eos', 16, 1, 4],
      ['eos', 64, 1, 16],
      ['s360', 0.2, 1, 0],
      ['s360', 1, 1, 1],
      ['s360', 4, 1, 2],
      ['s360', 16, 1, 4],
      ['s360', 64, 1, 16],
      ['ccstore', 0.2, 0, 1],
      ['ccstore', 1, 0, 1],
      ['ccstore', 4, 0, 2],
    ]);
  });

  test('counts two storage requests where claims are an item of their own, and writes both at opening', () => {
    const [small, , , large] = found.subjects;
    expect([small?.requests, small?.opening, large?.requests, large?.opening]).toEqual([
      1, 2, 2, 18,
    ]);
  });

  test('goes by what the stack of prod has', () => {
    expect(found.fixed).toMatchObject({ dashboards: 1, secrets: 5, rate: 2000, keyRate: 200 });
    expect(found.fixed.alarms).toBeGreaterThan(20);
    expect(assumed.logMonths * assumed.daysPerMonth).toBe(prod.logRetentionDays);
  });
});

describe('tiered', () => {
  test.for([
    { million: 0, cost: 0 },
    { million: 1, cost: 3.5 },
    { million: 333, cost: 1165.5 },
    { million: 334, cost: 1168.3 },
    { million: 1000, cost: 3033.1 },
    { million: 20_000, cost: 48_253.1 },
    { million: 21_000, cost: 49_763.1 },
  ])('charges $million million requests of API Gateway $cost', ({ million, cost }) => {
    expect(tiered(million * 1e6, prices.gateway.tiers)).toBeCloseTo(cost, 6);
  });

  test("charges 60 TB of Lambdas' logs as AWS's example has it", () => {
    expect(tiered(60_000, prices.lambdaLog.tiers)).toBeCloseTo(12_500, 6);
  });

  test.for(Object.values(prices))(
    'has tiers that rise without an end: $what',
    ({ tiers, page }) => {
      const ends = tiers.map(({ upTo }) => upTo);
      expect(ends).toEqual([...new Set(ends)].toSorted((a, b) => a - b));
      expect(ends.at(-1)).toBe(Infinity);
      expect(page).toMatch(/^https:\/\/aws\.amazon\.com\//);
    },
  );
});

describe('bill', () => {
  test('of 30 million refreshes a month is what they cost by hand', () => {
    const month = bill(subject, fixed, 1e6);
    const byHand = {
      gateway: 105,
      // 6 for the requests; 30e6 × 0.5 GB × 7.3 ms for the duration.
      lambda: 6 + 109_500 * 1.33334e-5,
      // 33 million writes, and 75 MB with their backup.
      table: 20.625 + 0.03375,
      // 30 GB of the Lambda's, 12 GB of access logs, 18.9 GB kept.
      logs: 15 + 6 + 0.567,
      egress: 2.7,
      // A trace each second, and a twentieth of the other 27,408,000.
      traces: 3_962_400 * 5e-6,
      // Two Lambdas read one secret 8,640 times.
      fixed: 3 + 0.5 + 3 + 0.8 + 0.0864,
    };
    for (const [part, cost] of Object.entries(byHand))
      expect(month[part as keyof typeof month], part).toBeCloseTo(cost, 6);
    expect(total(month)).toBeCloseTo(
      Object.values(byHand).reduce((a, b) => a + b),
      6,
    );
  });

  test('of no refreshes is what the stack costs', () => {
    const { fixed: standing, ...rest } = bill(subject, fixed, 0);
    expect(Object.values(rest)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(standing).toBeCloseTo(7.3, 6);
  });

  test('of reads alone has no writes but those of opening', () => {
    const reads = bill({ ...subject, write: 0, read: 2 }, fixed, 1e6).table;
    expect(reads).toBeCloseTo(3 * 0.625 + 60 * 0.125 + 0.03375, 6);
  });
});

describe('a Lambda', () => {
  test('is billed by whole milliseconds, and for its cold starts', () => {
    expect(billedMs(subject)).toBeCloseTo(7.3, 9);
    expect(billedMs({ ...subject, cpuMs: subject.cpuMs * 1.001 })).toBeCloseTo(8.3, 9);
  });

  test('takes longer for a second storage request', () => {
    const more = durationMs({ ...subject, requests: 2, read: 1 }) - durationMs(subject);
    expect(more).toBeCloseTo(3 + (0.4 * 1769) / 512, 9);
  });

  test.for([
    { what: 'none where nobody calls', cpuMs: 1, perSecond: 0, number: 0 },
    { what: 'one for ten short refreshes', cpuMs: 1, perSecond: 1000, number: 100 },
    { what: 'one more for the eleventh', cpuMs: 1, perSecond: 11, number: 2 },
    {
      what: 'as many as are busy at once',
      cpuMs: 195 * assumed.lambdaCore,
      perSecond: 1000,
      number: 200,
    },
  ])('is there $number times: $what', ({ cpuMs, perSecond, number }) => {
    expect(lambdas({ ...subject, cpuMs }, perSecond)).toBe(number);
  });
});

test('X-Ray keeps the first trace of a second and a twentieth of the others', () => {
  expect([0, 0.5, 1, 101].map(tracesASecond)).toEqual([0, 0.5, 1, 6]);
});

describe('Cognito', () => {
  test.for([
    { users: 0, cost: 0 },
    { users: 100_000, cost: 550 },
    { users: 1_000_001, cost: 4690.00325 },
  ])('charges $users users of Lite $cost', ({ users, cost }) => {
    expect(cognitoCost(users, prices.lite)).toBeCloseTo(cost, 6);
  });

  test('is cheaper above as many refreshes as a user costs', () => {
    expect(breakEven(5, 0.015)).toBeCloseTo(3000, 9);
  });
});

describe('a container', () => {
  test('is there twice where nobody calls, with its balancer', () => {
    const { tasks, compute } = container(subject, fixed, 0);
    expect(tasks).toBe(2);
    expect(compute).toBeCloseTo(1440 * (0.03238 + 2 * 0.00356) + 720 * 0.0225, 6);
  });

  test.for([
    { perSecond: 100, tasks: 2 },
    { perSecond: 101, tasks: 3 },
  ])('is kept half busy: $tasks for $perSecond a second', ({ perSecond, tasks }) => {
    expect(container(subject, fixed, perSecond * 86_400).tasks).toBe(tasks);
  });

  test('pays its balancer for connections, or for bytes where those are more', () => {
    const cost = (answer: number) =>
      container({ ...subject, answer }, fixed, 50 * 86_400).compute -
      container({ ...subject, answer }, fixed, 0).compute;
    expect(cost(300)).toBeCloseTo(2 * 720 * 0.008, 6);
    // 50 a second of 20,000 bytes are 3.6 GB an hour.
    expect(cost(20_000 - 1400)).toBeCloseTo(3.6 * 720 * 0.008, 6);
  });
});

describe('limits', () => {
  const bound = (one: Subject, perSecond: number) =>
    binding(limits(one, fixed, perSecond)).map(({ name }) => name);

  test('bind above what they allow, the tightest first', () => {
    expect(bound(subject, 2000)).toEqual([]);
    expect(bound(subject, 2001)).toEqual(['stage']);
    expect(bound(subject, 5000)).toEqual(['stage', 'new table']);
    expect(bound(subject, 50_000)).toEqual([
      'stage',
      'new table',
      'API Gateway',
      'Lambda',
      'table',
    ]);
  });

  test('hold a client with a key to its plan first', () => {
    expect(bound({ ...subject, keyed: true }, 201)).toEqual(['key']);
  });

  test('let three times as many through a new table where refreshes read', () => {
    const table = (one: Subject) =>
      limits(one, fixed, 12_000).flatMap((limit) =>
        limit.name === 'new table' ? used(limit) : [],
      );
    expect(table({ ...subject, write: 0, read: 1 })).toEqual([1]);
    expect(table({ ...subject, write: 1, read: 16 })).toEqual([16]);
  });
});

describe('a load', () => {
  test('of a day has a rush, and shoppers who come again', () => {
    expect(daily(86_400, 'a')).toMatchObject({ mean: 1, busiest: 3, shoppers: 32_400 });
  });

  test('of a crowd is the same all day', () => {
    expect(crowd(300, 30, 'a')).toMatchObject({
      mean: 10,
      busiest: 10,
      perDay: 864_000,
      shoppers: 300,
    });
  });
});

describe('what is shown', () => {
  test.for([
    [0, '0.000'],
    [0.0104, '0.010'],
    [1, '1.00'],
    [99.5, '99.50'],
    [100, '100'],
    [1_234_567.5, '1,234,568'],
  ] as const)('of %d dollars is %s', ([amount, text]) => {
    expect(dollars(amount)).toBe(text);
  });

  test('for a million refreshes is their part of the month', () => {
    expect(perMillion(60, 1e6)).toBe(2);
  });

  test('says what every assumption means', () => {
    const rows: readonly (readonly [number, string])[] = Object.values(stated);
    expect(rows.filter(([value, meaning]) => value <= 0 || meaning === '')).toEqual([]);
  });
});

describe('filled', () => {
  const place = 'a\n<!-- one -->\nold\n<!-- end -->\nb';

  test('puts a table where it belongs and leaves the rest', () => {
    const once = filled(place, { one: [{ x: '1', y: '2' }] });
    expect(once).toBe('a\n<!-- one -->\n| x | y |\n| --- | --- |\n| 1 | 2 |\n<!-- end -->\nb');
    expect(filled(once, { one: [{ x: '1', y: '2' }] })).toBe(once);
  });

  test('refuses a table without a place, and a place without a table', () => {
    expect(() => filled(place, { one: [], two: [] })).toThrow('two');
    expect(() => filled(place, {})).toThrow('one');
  });
});
