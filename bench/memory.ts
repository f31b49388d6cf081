import type { Effort } from './effort.ts';
import type { Stage } from './stage.ts';
import { subject } from './subject.ts';
import type { Found } from './table.ts';

/** What a process holds after more and more refreshes of `s360`, which makes the most of a request. */
export async function memory(
  { measured }: Stage,
  { refreshes }: Pick<Effort, 'refreshes'>,
): Promise<Found> {
  const { run, stop } = await subject(await measured('s360'), { flags: ['--expose-gc'] });
  const heap: number[] = [];
  let done = 0;
  let rss = 0;
  for (const part of parts) {
    const { heapMB, rssMB } = await run(refreshes * part - done, lanes);
    done = refreshes * part;
    heap.push(heapMB);
    rss = rssMB;
  }
  await stop();
  const grown = (heap.at(-1) ?? Number.NaN) - (heap[0] ?? Number.NaN);
  const columns = heap.map((MB, at) => [`heap MB at ${refreshes * (parts[at] ?? 0)}`, MB]);
  return {
    tables: [
      {
        title: 'Memory',
        note: 'The heap after a garbage collection.',
        rows: [{ subject: 's360', ...Object.fromEntries(columns), 'RSS MB': rss }],
      },
    ],
    figures: [
      { figure: `heap MB more at ${refreshes} than at ${refreshes * parts[0]}`, s360: grown },
    ],
  };
}

const parts = [0.1, 0.25, 0.5, 0.75, 1] as const;

/** As many refreshes at once: Lambda has one, but this is not about time. */
const lanes = 4;
