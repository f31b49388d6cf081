import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { capacity } from './capacity.ts';
import { cold } from './cold.ts';
import { cpu } from './cpu.ts';
import { quick, thorough } from './effort.ts';
import { memory } from './memory.ts';
import { server } from './server.ts';
import { stage } from './stage.ts';
import { markdown, type Table } from './table.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    out: { type: 'string', default: join(import.meta.dirname, 'results.json') },
  },
});
const effort = values.quick ? quick : thorough;

const measures = {
  cpu: async () => cpu(await here.subjects(), effort),
  cold: () => cold(here, effort),
  capacity: () => capacity(here),
  server: () => server(here, effort),
  memory: () => memory(here, effort),
};

const here = await stage();
const tables: Table[] = [];
try {
  for (const [name, measure] of Object.entries(measures)) {
    if (values.only && values.only !== name) continue;
    tables.push(await measure());
    console.log(`${tables.map(markdown).at(-1)}\n`);
  }
} finally {
  await here.close();
}
const machine = `Node ${process.version} on ${cpus().length} × ${cpus()[0]?.model}`;
console.log(`${machine}.`);
writeFileSync(values.out, `${JSON.stringify({ machine, tables }, null, 2)}\n`);
