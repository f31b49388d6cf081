import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filled } from './cost/document.ts';
import { facts } from './cost/facts.ts';
import { tables } from './cost/tables.ts';

const path = join(import.meta.dirname, '../docs/capacity.md');
writeFileSync(path, filled(readFileSync(path, 'utf8'), tables(await facts())));
