import type { KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import {
  type ReadSecret,
  type SecretVersion,
  storedKeys,
} from '../../functions/core/keys/stored-keys.ts';
import { epochSeconds, later } from '../../functions/core/time.ts';
import { noon } from '../support/world.ts';

const ids = { root: 'root-id', signing: 'signing-id' };
const root = 'root'.repeat(16);
const longestToken = 1000;
const minute = 60;

/** Secrets Manager's part: versions that can be rotated, and a wire that can break. */
function standIn() {
  const made = later(noon, -86_400);
  const kept = {
    now: noon,
    broken: false,
    reads: 0,
    unread: [] as unknown[],
    root,
    current: { text: key('first'), createdAt: made } as SecretVersion,
    previous: undefined as SecretVersion | undefined,
  };
  const read: ReadSecret = async (id, version) => {
    kept.reads += 1;
    if (kept.broken) throw new Error('nobody answers');
    if (id === ids.root) return { text: kept.root, createdAt: made };
    return version === 'AWSCURRENT' ? kept.current : kept.previous;
  };
  const answer = read;
  const lambda = () =>
    storedKeys({
      contract: 'ccstore',
      ids,
      longestToken,
      read,
      unread: (error) => kept.unread.push(error),
      clock: () => kept.now,
    });
  const rotate = (text: string) => {
    kept.previous = kept.current;
    kept.current = { text, createdAt: kept.now };
  };
  return Object.assign(kept, { lambda, rotate, answer });
}

function key(name: string): string {
  return name.padEnd(64, '.');
}

function texts(signing: readonly KeyObject[]): string[] {
  return signing.map((one) => one.export().toString('utf8').replace(/\.+$/, ''));
}

/** Lets what a Lambda began without waiting come to its end. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('keys that are kept', () => {
  test('derive from the root key as everywhere', async () => {
    const keys = await standIn().lambda()();
    const { digest, encryption } = deriveKeys('ccstore', { root });
    expect([keys.digest.equals(digest), keys.encryption.equals(encryption)]).toEqual([true, true]);
  });

  test('are read as the Lambda starts, once for all the requests of five minutes', async () => {
    const manager = standIn();
    const keys = manager.lambda();
    await settled();
    expect(manager.reads).toBe(3);
    for (const second of [0, 1, 299]) {
      manager.now = later(noon, second);
      await keys();
    }
    expect(manager.reads).toBe(3);
    manager.now = later(noon, 300);
    await keys();
    await settled();
    expect(manager.reads).toBe(6);
  });

  test('are read again by a clock that was set back, which cannot tell their age', async () => {
    const manager = standIn();
    const keys = manager.lambda();
    await keys();
    manager.rotate(key('second'));
    manager.now = later(noon, -3600);
    expect(texts((await keys()).signing)).toContain('second');
  });

  test('sign at once where there is no key before', async () => {
    const manager = standIn();
    manager.current = { text: key('only'), createdAt: noon };
    expect(texts((await manager.lambda()()).signing)).toEqual(['only']);
  });

  test.for([
    { what: 'just made, signs with the one before', age: 0, signing: ['first', 'second'] },
    { what: 'nearly ten minutes old, too', age: 599, signing: ['first', 'second'] },
    { what: 'ten minutes old, signs', age: 600, signing: ['second', 'first'] },
    {
      what: 'as old as ten minutes and almost a token, verifies with both',
      age: 600 + longestToken - 1,
      signing: ['second', 'first'],
    },
    {
      what: 'older than every token of the other, is alone',
      age: 600 + longestToken,
      signing: ['second'],
    },
  ])('with a key that is $what', async ({ age, signing }) => {
    const manager = standIn();
    manager.rotate(key('second'));
    manager.now = later(noon, age);
    expect(texts((await manager.lambda()()).signing)).toEqual(signing);
  });

  test('a rotation refuses no valid token, in any mix of warm and fresh Lambdas', async () => {
    const lambdas = fc.array(
      fc.record({
        startsAt: fc.integer({ min: -1200, max: 1800 }),
        callsEvery: fc.integer({ min: 7, max: 700 }),
      }),
      { minLength: 2, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(lambdas, async (fleet) => {
        const manager = standIn();
        const calls = fleet
          .flatMap(({ startsAt, callsEvery }, lambda) =>
            Array.from({ length: 12 }, (_, n) => ({ at: startsAt + n * callsEvery, lambda })),
          )
          .concat({ at: 0, lambda: -1 })
          .toSorted((one, other) => one.at - other.at);
        const warm = new Map<number, ReturnType<typeof manager.lambda>>();
        const tokens: { by: string; at: number }[] = [];
        for (const { at, lambda } of calls) {
          manager.now = later(noon, at);
          if (lambda < 0) {
            manager.rotate(key('second'));
            continue;
          }
          const source = warm.get(lambda) ?? manager.lambda();
          warm.set(lambda, source);
          const known = texts((await source()).signing);
          for (const token of tokens)
            if (at < token.at + longestToken) expect(known).toContain(token.by);
          tokens.push({ by: known[0] ?? '', at });
          await settled();
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a Lambda that is frozen while it reads', () => {
  // Lambda stops the process between two requests, with what it was reading half-read.
  test('refuses no valid token, whenever the key was rotated meanwhile', async () => {
    const pauses = fc.array(fc.nat({ max: 3 }), { minLength: 3, maxLength: 3 });
    const at = fc.integer({ min: 0, max: 4000 });
    await fc.assert(
      fc.asyncProperty(pauses, at, fc.nat({ max: 12 }), async (held, thaw, rotateAfter) => {
        const manager = standIn();
        manager.rotate(key('second'));
        manager.now = later(noon, 4 * longestToken);
        let step = 0;
        const tick = () => {
          if (step++ === rotateAfter) manager.rotate(key('third'));
        };
        let reads = 0;
        const slow = storedKeys({
          contract: 'ccstore',
          ids,
          longestToken,
          unread: () => undefined,
          clock: () => manager.now,
          async read(id, version) {
            const ticks = held[reads++ % 3] ?? 0;
            for (let n = 0; n < ticks; n += 1) await Promise.resolve().then(tick);
            return manager.answer(id, version);
          },
        });
        for (let n = 0; n < 6; n += 1) await Promise.resolve().then(tick);
        manager.now = later(manager.now, thaw);
        const known = texts((await slow()).signing);
        // Whoever has read the keys just now may have signed the token that comes next.
        expect(known).toContain(texts((await manager.lambda()()).signing)[0]);
        const { text, createdAt } = manager.current;
        if (text === key('third') && manager.now < later(createdAt, 600 + longestToken))
          expect(known).toContain('second');
      }),
      { numRuns: 1000 },
    );
  });

  test('reads again what it began to read before', async () => {
    const manager = standIn();
    let answer: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let reads = 0;
    const keys = storedKeys({
      contract: 'ccstore',
      ids,
      longestToken,
      unread: () => undefined,
      clock: () => manager.now,
      async read(id, version) {
        const now = await manager.answer(id, version);
        reads += 1;
        if (reads <= 3) await gate;
        return now;
      },
    });
    await settled();
    manager.rotate(key('second'));
    manager.now = later(noon, 3600);
    const asked = keys();
    answer();
    expect(texts((await asked).signing)).toEqual(['second']);
  });
});

describe('a signing key', () => {
  test('that was taken back verifies on, and the one before it signs', async () => {
    const manager = standIn();
    manager.rotate(key('second'));
    const { current, previous } = manager;
    manager.now = later(noon, 900);
    if (previous) Object.assign(manager, { current: previous, previous: current });
    expect(texts((await manager.lambda()()).signing)).toEqual(['first', 'second']);
  });

  test('that is none, before one that everyone knows, does no harm', async () => {
    const manager = standIn();
    manager.rotate('short');
    manager.rotate(key('third'));
    await expect(manager.lambda()()).rejects.toMatchObject({ name: 'KeysUnavailable' });
    manager.now = later(noon, 600);
    expect(texts((await manager.lambda()()).signing)).toEqual(['third']);
  });
});

describe('while Secrets Manager does not answer', () => {
  test('a Lambda starts, and the request that finds no keys says so', async () => {
    const manager = standIn();
    manager.broken = true;
    const keys = manager.lambda();
    await settled();
    await expect(keys()).rejects.toMatchObject({ name: 'KeysUnavailable' });
  });

  test('no failure is kept: the next request reads again', async () => {
    const manager = standIn();
    manager.broken = true;
    const keys = manager.lambda();
    await expect(keys()).rejects.toThrow();
    manager.broken = false;
    expect(texts((await keys()).signing)).toEqual(['first']);
  });

  test('keys serve for nine minutes, and then no longer', async () => {
    const manager = standIn();
    const keys = manager.lambda();
    await keys();
    manager.broken = true;
    manager.now = later(noon, 9 * minute - 1);
    expect(texts((await keys()).signing)).toEqual(['first']);
    await settled();
    manager.now = later(noon, 9 * minute);
    await expect(keys()).rejects.toMatchObject({ name: 'KeysUnavailable' });
    manager.broken = false;
    expect(texts((await keys()).signing)).toEqual(['first']);
  });

  test('somebody hears of it before a request does', async () => {
    const manager = standIn();
    const keys = manager.lambda();
    await keys();
    manager.broken = true;
    manager.now = later(noon, 5 * minute);
    await keys();
    await settled();
    expect(manager.unread).toMatchObject([{ name: 'KeysUnavailable' }]);
    await keys();
    expect(manager.unread).toHaveLength(1);
  });

  test('it is asked every ten seconds, not at every request', async () => {
    const manager = standIn();
    const keys = manager.lambda();
    await keys();
    manager.broken = true;
    for (let second = 300; second < 400; second += 1) {
      manager.now = later(noon, second);
      await keys();
      await settled();
    }
    // Two at a time: the version before is asked for once the current one is known.
    expect(manager.reads).toBe(3 + 10 * 2);
  });
});

test.for([
  { what: 'no root key', root: '', current: key('first') },
  { what: 'a root key that is too short', root: 'short', current: key('first') },
  { what: 'a signing key that is too short', root, current: 'short' },
])('a Lambda with $what is unavailable, and quotes nothing', async ({ root, current }) => {
  const manager = standIn();
  manager.root = root;
  manager.current = { text: current, createdAt: epochSeconds(0) };
  const failure: Error = await manager
    .lambda()()
    .then(
      () => expect.unreachable(),
      (error) => error,
    );
  expect(failure.name).toBe('KeysUnavailable');
  expect(`${failure.message} ${failure.cause}`).not.toContain('short');
  expect(`${failure.message} ${failure.cause}`).toContain('less than 32 characters');
});
