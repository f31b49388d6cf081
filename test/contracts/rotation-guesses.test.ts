import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import { keyOf, rowOf } from '../session/rows.ts';
import {
  grace,
  type RotatingClient,
  refresh,
  refreshed,
  rotate,
  rotatingClients,
} from '../support/rotating.ts';
import { type Held, noon, onBothEngines, type World } from '../support/world.ts';

/** The parts of a replaced secret. */
function parts(secret: string) {
  const [generation = '', family = '', tag = ''] = secret.split('.');
  return { generation, family, tag };
}

/** The text with one character changed to another of the alphabet. */
function changed(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

interface Guess {
  readonly guess: string;
  /** A secret that is none of the session's, made of its newest. */
  of(newest: string): string;
}

const tagless = 'A'.repeat(43);

const guesses: readonly Guess[] = [
  { guess: 'random text', of: () => 'open-sesame' },
  { guess: 'the right form, all of it wrong', of: () => `1.${'A'.repeat(22)}.${tagless}` },
  { guess: 'the right family, a wrong tag', of: (newest) => newest.slice(0, -43) + tagless },
  { guess: 'a tag wrong in its first character', of: (it) => changed(it, it.length - 43) },
  { guess: 'a tag wrong in its middle', of: (newest) => changed(newest, newest.length - 20) },
  {
    guess: 'a tag in another writing of its bytes',
    // Its last character says four bits; the two below them are not read.
    of: (newest) => newest.slice(0, -1) + otherwise(newest.slice(-1)),
  },
  { guess: 'another family', of: (newest) => changed(newest, newest.indexOf('.') + 1) },
  ...['0', '1', '2', '4', '13', '33', '999999999', '03', '+3', ''].map((generation) => ({
    guess: `its generation, 3, changed to ${generation || 'none'}`,
    of: (newest: string) => [generation, ...newest.split('.').slice(1)].join('.'),
  })),
  { guess: 'a character more', of: (newest) => `${newest}A` },
  { guess: 'a line end more', of: (newest) => `${newest}\n` },
  { guess: 'a character less', of: (newest) => newest.slice(0, -1) },
  { guess: 'its tag alone', of: (newest) => parts(newest).tag },
];

/** The character that says the same four bits, and others below them. */
function otherwise(last: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(last) ^ 1] ?? '';
}

/** A session whose current secret is its third computed one, out of every grace. */
async function thirdOf(world: World, client: RotatingClient, sessionId: string): Promise<Held> {
  let held = await world.open(client.contract, { sessionId });
  for (let turn = 0; turn < 3; turn += 1) {
    held = await refreshed(world, client, held);
    world.now = later(world.now, grace);
  }
  return held;
}

onBothEngines('a guess at a secret', (test) => {
  test.for(rotatingClients)(
    'revokes nothing, and tells nothing: $what',
    async (client, { world }) => {
      const { contract } = client;
      rotate(world, contract);
      const held = await thirdOf(world, client, 'mine');
      const row = await world.row(contract, 'mine');
      for (const { guess, of } of guesses) {
        const secret = of(client.secretOf(held));
        expect(secret, guess).not.toBe(client.secretOf(held));
        world.requests.length = 0;
        const answer = await refresh(world, client, client.guess(world, held, secret));
        expect(answer, guess).toMatchObject(client.invalid);
        expect(world.records.at(-1)?.outcome, guess).toBe('wrong-secret');
        expect(world.requests.length, guess).toBe(1);
      }
      expect(await world.row(contract, 'mine')).toEqual(row);
      expect(await refresh(world, client, held)).toMatchObject({ status: 200 });
    },
  );

  test.for(rotatingClients)(
    'revokes nothing where it is another session’s own: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const theirs = await thirdOf(world, client, 'theirs');
      world.now = noon;
      const mine = await thirdOf(world, client, 'mine');
      const rows = () =>
        Promise.all(['mine', 'theirs'].map((id) => world.row(client.contract, id)));
      const before = await rows();
      const guess = client.guess(world, mine, client.secretOf(theirs));
      expect(await refresh(world, client, guess)).toMatchObject(client.invalid);
      expect(world.records.at(-1)?.outcome).toBe('wrong-secret');
      expect(await rows()).toEqual(before);
      expect(await refresh(world, client, mine)).toMatchObject({ status: 200 });
    },
  );

  test.for(rotatingClients)(
    'revokes nothing where it was a former session’s of the same id: $what',
    async (client, { world }) => {
      const { contract } = client;
      rotate(world, contract);
      const former = await thirdOf(world, client, 'mine');
      const Key = keyOf(rowOf(contract.name, 'mine'));
      await world.client.send(new DeleteItemCommand({ TableName: world.table, Key }));
      world.now = noon;
      const mine = await thirdOf(world, client, 'mine');
      const row = await world.row(contract, 'mine');
      expect(await refresh(world, client, former)).toMatchObject(client.invalid);
      expect(world.records.at(-1)?.outcome).toBe('wrong-secret');
      expect(await world.row(contract, 'mine')).toEqual(row);
      expect(await refresh(world, client, mine)).toMatchObject({ status: 200 });
    },
  );

  test.for(rotatingClients)(
    'fits no session that nobody opened: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const held = await thirdOf(world, client, 'mine');
      const Key = keyOf(rowOf(client.contract.name, 'mine'));
      await world.client.send(new DeleteItemCommand({ TableName: world.table, Key }));
      expect(await refresh(world, client, held)).toMatchObject(client.invalid);
      expect(world.records.at(-1)?.outcome).toBe('unknown-session');
      expect(await world.row(client.contract, 'mine')).toBeUndefined();
    },
  );
});
