import type { Stage } from './stage.ts';
import { subject } from './subject.ts';
import type { Found } from './table.ts';

/** The heap after more and more refreshes of `s360`, which makes the most of a request. */
export async function memory({ contracts }: Stage, refreshes: number): Promise<Found> {
  const s360 = contracts.find(({ name }) => name === 's360');
  if (!s360) throw new Error('s360 has no bundle');
  const { run, stop } = await subject(s360, { flags: ['--expose-gc'] });
  const heap: [string, number][] = [];
  for (let done = 0; done < refreshes; done += refreshes / parts) {
    const { heapMB } = await run(refreshes / parts, lanes);
    heap.push([`heap MB at ${done + refreshes / parts}`, heapMB]);
  }
  await stop();
  const [[early = '', first] = [], [late = '', last] = []] = [heap[0], heap.at(-1)];
  const grown = (last ?? Number.NaN) - (first ?? Number.NaN);
  const rows = [{ subject: 's360', ...Object.fromEntries(heap) }];
  return {
    tables: [{ title: 'Memory', note: 'The heap after a garbage collection.', rows }],
    figures: [{ figure: `${late} less ${early}`, s360: grown }],
  };
}

const parts = 5;

/** As many refreshes at once: Lambda has one, but this is not about time. */
const lanes = 8;
