import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { started } from './cold.ts';
import { median, quantile } from './numbers.ts';
import { svg } from './plot.ts';
import { share } from './share.ts';
import type { Stage } from './stage.ts';
import { subject } from './subject.ts';
import type { Found, Row } from './table.ts';

const sizesMB = [128, 256, 512, 1024, 1769];

/** arm64 in us-east-1, in dollars: aws.amazon.com/lambda/pricing, 2026-11-28. */
const perGBSecond = 0.0000133334;
const perRequest = 0.2e-6;

/** The distance of DynamoDB and Secrets Manager, in milliseconds. */
const roundTripMs = 5;

/** What each size of memory does to a warm refresh, a cold start and the bill. */
export async function sizes(stage: Stage, plot: 'plot' | undefined): Promise<Found> {
  const group = share();
  if (!group) return { tables: [], figures: [] };
  stage.aws.roundTripMs = roundTripMs;
  const rows: Row[] = [];
  for (const contract of stage.contracts)
    for (const sizeMB of sizesMB) {
      const one = stage.deployed(contract, 'on');
      const colds: number[] = [];
      for (const _ of [1, 2]) {
        const { initMs, firstMs } = await started(stage, one, { sizeMB, boosted: true, group });
        colds.push(initMs + firstMs);
      }
      group.hold();
      const { run, stop } = await subject(one, { group });
      // What V8 compiles on the way is no warm refresh's.
      await run(400, 8);
      group.hold(sizeMB);
      await run(10);
      const { eachMs } = await run(100);
      group.hold();
      await stop();
      const billed = eachMs.map(Math.ceil).reduce((sum, ms) => sum + ms, 0) / eachMs.length;
      rows.push({
        contract: contract.name,
        'size MB': sizeMB,
        'warm p50 ms': median(eachMs),
        'warm p99 ms': quantile(eachMs, 0.99),
        'cold p50 ms': median(colds),
        'cold worst ms': Math.max(...colds),
        'dollars a million': 1e6 * (perRequest + (billed / 1000) * (sizeMB / 1024) * perGBSecond),
      });
    }
  group.remove();
  if (plot) writeFileSync(join(import.meta.dirname, '../docs/memory.svg'), await drawn(rows));
  const note = `Initialised with whole cores and primed; a round trip of ${roundTripMs} ms.`;
  return { tables: [{ title: 'Memory sizes', note, rows }], figures: [] };
}

/** Time and price by size, a line for each contract. */
function drawn(rows: readonly Row[]): Promise<string> {
  const [type, scale] = ['quantitative', { type: 'log', base: 2 }] as const;
  const panel = (field: string, title: string) => ({
    width: 260,
    height: 220,
    mark: { type: 'line', point: true } as const,
    encoding: {
      x: { field: 'size MB', type, scale, title: 'memory, MB', axis: { values: sizesMB } },
      y: { field, type, title },
      color: { field: 'contract', type: 'nominal', title: null } as const,
    },
  });
  const hconcat = [
    panel('warm p50 ms', 'warm refresh p50, ms'),
    panel('warm p99 ms', 'warm refresh p99, ms'),
    panel('dollars a million', 'Lambda, US dollars a million'),
  ];
  return svg({ data: { values: [...rows] }, hconcat });
}
