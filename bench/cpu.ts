import type { Effort } from './effort.ts';
import { median, quantile } from './numbers.ts';
import { turned } from './rounds.ts';
import { type Measured, subject, type Taken } from './subject.ts';
import type { Found } from './table.ts';

/**
 * CPU and wall per refresh of every subject, the first of which is the floor. They take turns, so that
 * what else the machine does hits all of them; a ratio is of two turns of the same round.
 */
export async function cpu(
  subjects: readonly Measured[],
  { rounds, calls }: Pick<Effort, 'rounds' | 'calls'>,
): Promise<Found> {
  const running = await Promise.all(
    subjects.map(async (one) => ({ name: one.name, process: await subject(one) })),
  );
  const taken = new Map<string, Taken[]>(subjects.map(({ name }) => [name, []]));
  try {
    // What V8 compiles on the way is no refresh's.
    for (const one of running) await one.process.run(calls * 3);
    for (let round = 0; round < rounds; round += 1)
      for (const { name, process } of turned(running, round))
        taken.get(name)?.push(await process.run(calls));
  } finally {
    await Promise.all(running.map(({ process }) => process.stop()));
  }
  const floor = perCall(taken.get(subjects[0]?.name ?? '') ?? [], calls);
  const rows = [...taken].map(([name, all]) => {
    const own = perCall(all, calls);
    const ratios = own.cpu.map((value, round) => value / (floor.cpu[round] ?? Number.NaN));
    return {
      subject: name,
      'CPU ms': median(own.cpu),
      'wall ms': median(own.wall),
      '× floor CPU': median(ratios),
      'middle half': `${quantile(ratios, 0.25).toFixed(2)}–${quantile(ratios, 0.75).toFixed(2)}`,
    };
  });
  const note = `In process, over DynamoDB Local: medians of ${rounds} rounds of ${calls}, ratios to the floor within a round.`;
  const ratios = rows.map((row) => [row.subject, row['× floor CPU']]);
  return {
    tables: [{ title: 'One refresh', note, rows }],
    figures: [{ figure: 'CPU, × floor', ...Object.fromEntries(ratios) }],
  };
}

function perCall(taken: readonly Taken[], calls: number) {
  return {
    cpu: taken.map(({ cpuMs }) => cpuMs / calls),
    wall: taken.map(({ wallMs }) => wallMs / calls),
  };
}
