import { expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { onBothEngines } from '../support/world.ts';
import { newBook } from './book.ts';
import { type Command, command } from './command.ts';
import { beginning, rotate } from './commands.ts';
import { turn } from './policies.ts';
import { kept } from './refreshes.ts';
import { makeRig } from './rig.ts';

const later = (seconds: number): Command =>
  command(`clock by ${seconds}`, async (book) => {
    book.now += seconds;
  });

onBothEngines('a session whose stage turns rotation', (test) => {
  test.for([eos, ccstore])(
    'on, off, on again and another way, and its keys too, stays its client’s: $name',
    async (contract, { world }) => {
      const met: string[] = [];
      const book = newBook((what) => met.push(what));
      const rig = makeRig(world, book);
      const by = (back: number) => kept(contract, 'a', back, true);
      const script: readonly (readonly [became: string, ...Command[]])[] = [
        ['a refresh without rotation', by(0)],
        ['an advance', turn(contract, 60), later(1), by(0)],
        // The grace goes on by whichever policy began it.
        ['the secret that was replaced just now', turn(contract, 'fixed'), later(1), by(1)],
        ['a row as it stands', by(0)],
        ['the secret that was replaced just now', turn(contract, 5), later(58), by(1)],
        ['an advance', rotate(contract), later(1), by(0)],
        ['the secret that was replaced just now', turn(contract, 465), later(4), by(1)],
        ['an advance', later(1), by(0)],
        [
          'a secret that stays since rotation was ended',
          turn(contract, 'fixed'),
          later(465),
          by(0),
        ],
        // With nobody to suspect, an old secret is no more than refused.
        ['a reuse that ends nothing', by(1)],
        ['a reuse that ends nothing', by(3)],
        ['an advance', turn(contract, 1), by(0)],
        ['an advance', rotate(contract), later(1), by(0)],
        ['a theft', later(1), by(1)],
      ];
      for (const one of beginning()) await one.run(book, rig);
      for (const [became, ...commands] of script) {
        met.length = 0;
        for (const one of commands) await one.run(book, rig);
        expect(met, String(commands.at(-1))).toContain(became);
      }
      expect((await world.row(contract, 'a'))?.revokedAt).toBe(book.now);
    },
  );

  test('shares a secret for half the life of the token that it came in', async ({ world }) => {
    const met: string[] = [];
    const book = newBook((what) => met.push(what));
    const rig = makeRig(world, book);
    for (const one of [turn(ccstore, 60), ...beginning()]) await one.run(book, rig);
    const by = (back: number) => kept(ccstore, 'a', back, true, 41);
    for (const one of [by(0), later(19), by(1), later(1), by(0)]) await one.run(book, rig);
    expect(met.filter((what) => what !== 'refreshed')).toEqual([
      'an advance',
      'the secret that was replaced just now',
      'an advance',
    ]);
  });
});
