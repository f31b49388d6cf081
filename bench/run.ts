import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { accessLogFormat } from '../infra/access-log.ts';
import { settings as prod } from '../infra/stages/prod.ts';
import { sampled } from '../local/demo.ts';
import { capacity } from './capacity.ts';
import { cold } from './cold.ts';
import { cpu } from './cpu.ts';
import { quick, thorough } from './effort.ts';
import { logBytes } from './log-bytes.ts';
import { memory } from './memory.ts';
import { server } from './server.ts';
import { sizes } from './sizes.ts';
import { stage } from './stage.ts';
import { type Found, markdown, type Row, type Table } from './table.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    plot: { type: 'boolean', default: false },
    out: { type: 'string', default: join(import.meta.dirname, 'results.json') },
  },
});
const effort = values.quick ? quick : thorough;

const measures: Readonly<Record<string, () => Promise<Found>>> = {
  cpu: async () => cpu(await here.subjects(), effort),
  cold: () => cold(here, effort),
  sizes: () => sizes(here, effort, values.plot ? 'plot' : undefined),
  capacity: () => capacity(here),
  logs: async () => ({ tables: [], figures: [logged()] }),
  server: () => server(here, effort),
  memory: () => memory(here, effort),
};

function logged(): Row {
  const bytes = sampled.map((contract): [string, number] => {
    const { line, access } = logBytes(contract, accessLogFormat(prod));
    return [contract.name, line + access];
  });
  return { figure: 'log bytes a refresh', ...Object.fromEntries(bytes) };
}

const here = await stage();
const tables: Table[] = [];
const figures: Row[] = [];
try {
  for (const [name, measure] of Object.entries(measures)) {
    if (values.only && values.only !== name) continue;
    const found = await measure();
    figures.push(...found.figures);
    tables.push(...found.tables);
    for (const table of found.tables) console.log(`${markdown(table)}\n`);
  }
} finally {
  await here.close();
}
const machine = `Node ${process.version} on ${cpus().length} × ${cpus()[0]?.model}`;
const names = ['floor', ...sampled.map(({ name }) => name)];
const rows = figures.map(({ figure = '', ...of }) => ({
  figure,
  ...Object.fromEntries(names.map((name) => [name, of[name] ?? ''])),
}));
const summary = { title: 'Summary', note: `${machine}.`, rows };
console.log(markdown(summary));
writeFileSync(
  values.out,
  `${JSON.stringify({ machine, tables: [...tables, summary] }, null, 2)}\n`,
);
