import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { accessLogFormat } from '../infra/access-log.ts';
import { settings as prod } from '../infra/stages/prod.ts';
import { sampled } from '../local/demo.ts';
import { logBytes } from '../test/support/log-bytes.ts';
import { cold } from './cold.ts';
import { cpu } from './cpu.ts';
import { memory } from './memory.ts';
import { server } from './server.ts';
import { sizes } from './sizes.ts';
import { stage } from './stage.ts';
import { storage } from './storage.ts';
import { type Found, markdown, type Row } from './table.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    plot: { type: 'boolean', default: false },
  },
});

const measures: Readonly<Record<string, () => Promise<Found>>> = {
  cpu: () => cpu(here, 12),
  cold: () => cold(here, 4),
  sizes: () => sizes(here, values.plot ? 'plot' : undefined),
  storage: () => storage(here),
  logs: async () => ({ tables: [], figures: [{ figure: 'log bytes a refresh', ...logged() }] }),
  server: () => server(here, 500),
  memory: () => memory(here, 100_000),
};

const here = await stage();
const figures: Row[] = [];
try {
  for (const [name, measure] of Object.entries(measures)) {
    if (values.only && values.only !== name) continue;
    const found = await measure();
    figures.push(...found.figures);
    for (const table of found.tables) console.log(`${markdown(table)}\n`);
  }
} finally {
  await here.close();
}
const names = ['floor', ...sampled.map(({ name }) => name)];
const rows = figures.map(({ figure = '', ...of }) => ({
  figure,
  ...Object.fromEntries(names.map((name) => [name, of[name] ?? ''])),
}));
const note = `Node ${process.version} on ${cpus().length} × ${cpus()[0]?.model}.`;
console.log(markdown({ title: 'Summary', note, rows }));

function logged(): Row {
  const bytes = sampled.map((contract) => logBytes(contract, accessLogFormat(prod)));
  return Object.fromEntries(
    bytes.map(({ line, access }, at) => [sampled[at]?.name, line + access]),
  );
}
