import { median, quantile, turned } from './numbers.ts';
import type { Stage } from './stage.ts';
import { subject } from './subject.ts';
import type { Found } from './table.ts';

/**
 * CPU and wall time of a refresh. The subjects take turns, so that what else the machine does hits all of
 * them, and a ratio is of two turns of the same round.
 */
export async function cpu({ floor, contracts }: Stage, rounds: number): Promise<Found> {
  const running = await Promise.all(
    [floor, ...contracts].map(async (one) => {
      const process = await subject(one);
      return { name: one.name, process, cpuMs: [] as number[], wallMs: [] as number[] };
    }),
  );
  try {
    // What V8 compiles on the way is no refresh's.
    for (const { process } of running) await process.run(calls * 3);
    for (let round = 0; round < rounds; round += 1)
      for (const { process, cpuMs, wallMs } of turned(running, round)) {
        const taken = await process.run(calls);
        cpuMs.push(taken.cpuMs / calls);
        wallMs.push(taken.wallMs / calls);
      }
  } finally {
    await Promise.all(running.map(({ process }) => process.stop()));
  }
  const base = running[0]?.cpuMs ?? [];
  const rows = running.map(({ name, cpuMs, wallMs }) => {
    const ratios = cpuMs.map((value, round) => value / (base[round] ?? Number.NaN));
    return {
      subject: name,
      'CPU ms': median(cpuMs),
      'wall ms': median(wallMs),
      '× floor CPU': median(ratios),
      'middle half': `${quantile(ratios, 0.25).toFixed(2)}–${quantile(ratios, 0.75).toFixed(2)}`,
    };
  });
  const note = `In process, over DynamoDB Local: medians of ${rounds} rounds of ${calls}, ratios to the floor within a round.`;
  const ratios = Object.fromEntries(rows.map((row) => [row.subject, row['× floor CPU']]));
  return {
    tables: [{ title: 'One refresh', note, rows }],
    figures: [{ figure: 'CPU, × floor', ...ratios }],
  };
}

/** Refreshes of one subject in one round. */
const calls = 400;
