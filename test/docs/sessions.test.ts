import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { sampled, samples } from '../../local/demo.ts';
import { refresh, wires } from '../admin/support.ts';
import { noon, storedTest as test, type StoredWorld as World } from '../support/world.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/sessions.md'), 'utf8');
const [, examples = ''] = /\n## Examples\n([\s\S]*?)\n## /.exec(text) ?? [];
const rows: readonly Record<string, unknown>[] = [
  ...examples.matchAll(/```json\n([\s\S]*?)```/g),
].map(([, json = '']) => JSON.parse(json));

/** A row as the document writes it; a value that it leaves something out of becomes a pattern. */
function documented(row: Record<string, unknown>) {
  const said = (value: unknown) => {
    if (typeof value !== 'string' || !/[<…]/.test(value)) return value;
    const pattern = value
      .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll(/<(\d+)[^>]+>/g, '[\\w-]{$1}')
      .replaceAll('…', '[^]+');
    return expect.stringMatching(new RegExp(`^${pattern}$`));
  };
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, said(value)]));
}

/** The row of the demo's session of a contract, ten minutes after noon. */
async function rowOf(world: World, contract: Contract) {
  const { [contract.name as keyof typeof samples]: sample } = samples;
  const held = await world.open(contract, sample);
  world.now = later(noon, 600);
  const wire = wires.find(({ name }) => name === contract.name);
  if (!wire) throw new Error(`nobody speaks ${contract.name}`);
  expect((await refresh(world, wire, held)).status).toBe(200);
  return world.row(contract, held.sessionId);
}

describe('the example rows of docs/sessions.md', () => {
  test('are one for each contract, and one for rotation', () => {
    const names = rows.map(({ rowKey = '' }) => String(rowKey).split('#')[0]);
    expect(names).toEqual([...sampled.map(({ name }) => name), '']);
  });

  test.for(sampled)('have the row of $name as it is', async (contract, { world }) => {
    const row = rows.find(({ rowKey }) => String(rowKey).startsWith(`${contract.name}#`));
    expect(await rowOf(world, contract)).toEqual(documented(row ?? {}));
  });

  test('have what rotation adds, and no more', async ({ world }) => {
    world.policies.set('eos', { ...eos.policy, rotation: { grace: 60 } });
    const [first = {}, last = {}] = [rows[0], rows.at(-1)];
    expect(await rowOf(world, eos)).toEqual(documented({ ...first, ...last }));
  });
});
