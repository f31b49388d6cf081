import type { Effort } from './effort.ts';
import type { Stage } from './stage.ts';
import { subject } from './subject.ts';
import type { Table } from './table.ts';

/** What a process holds after more and more refreshes, each time after a garbage collection. */
export async function memory(
  { subjects }: Stage,
  { refreshes }: Pick<Effort, 'refreshes'>,
): Promise<Table> {
  const rows = await Promise.all(
    (await subjects()).map(async (one) => {
      const { run, stop } = await subject(one, ['--expose-gc']);
      const heap: Record<string, number> = {};
      let done = 0;
      let rss = 0;
      for (const part of parts) {
        const { heapMB, rssMB } = await run(refreshes * part - done, lanes);
        done = refreshes * part;
        heap[`heap MB at ${done}`] = heapMB;
        rss = rssMB;
      }
      await stop();
      return { subject: one.name, ...heap, 'RSS MB': rss };
    }),
  );
  return { title: 'Memory', note: 'The heap after a garbage collection.', rows };
}

const parts = [0.1, 0.25, 0.5, 0.75, 1];

/** As many refreshes at once: Lambda has one, but this is not about time. */
const lanes = 4;
