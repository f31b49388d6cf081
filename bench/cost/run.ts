import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { svg } from '../plot.ts';
import { computed } from './page.ts';

const docs = join(import.meta.dirname, '../../docs');
const text = (path: string) => readFileSync(path, 'utf8');
const { page, points } = computed(
  text(join(docs, 'capacity.md')),
  text(join(import.meta.dirname, 'inputs.md')),
);
writeFileSync(join(docs, 'capacity.md'), page);

const values = points.map(({ perDay }) => perDay);
const [type, scale] = ['quantitative', { type: 'log' }] as const;
const plot = await svg({
  width: 520,
  height: 300,
  data: { values: points },
  mark: { type: 'line', point: true },
  encoding: {
    x: { field: 'perDay', type, scale, title: 'refreshes a day', axis: { format: '.0e', values } },
    y: {
      field: 'dollars',
      type,
      scale,
      title: 'US dollars a million',
      axis: { values: [1, 10, 100] },
    },
    color: { field: 'way', type: 'nominal', title: null, sort: null, legend: { labelLimit: 0 } },
  },
});
writeFileSync(join(docs, 'capacity.svg'), plot);
