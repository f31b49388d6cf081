import type { KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import type { ReadSecret, SecretVersion } from '../../functions/core/keys/secrets-manager.ts';
import { storedKeys } from '../../functions/core/keys/stored-keys.ts';
import { type EpochSeconds, epochSeconds, later } from '../../functions/core/time.ts';
import { noon } from '../support/world.ts';

const ids = { root: 'root-id', signing: 'signing-id' };
const root = 'root'.repeat(16);
const minute = 60;
const day = 86_400;

/** Secrets Manager's part: versions that can be rotated, and a wire that can break. */
function standIn() {
  const made = later(noon, -day);
  const kept = {
    now: noon,
    broken: false,
    reads: 0,
    unread: [] as unknown[],
    root,
    current: version('first', made),
    previous: undefined as SecretVersion | undefined,
  };
  const read: ReadSecret = async (id, label) => {
    kept.reads += 1;
    if (kept.broken) throw new Error('nobody answers');
    if (id === ids.root) return { id: 'root', text: kept.root, createdAt: made };
    return label === 'AWSCURRENT' ? kept.current : kept.previous;
  };
  const answer = read;
  const lambda = () =>
    storedKeys({
      contract: 'ccstore',
      ids,
      read,
      onReadError: (error) => kept.unread.push(error),
      clock: () => kept.now,
    });
  /** Moves AWSCURRENT, and AWSPREVIOUS to where it was. */
  const move = (to: SecretVersion) => {
    kept.previous = kept.current;
    kept.current = to;
  };
  const rotate = (name: string) => move(version(name, kept.now));
  return Object.assign(kept, { lambda, move, rotate, answer });
}

function version(name: string, createdAt: EpochSeconds): SecretVersion {
  return { id: name, text: name.padEnd(64, '.'), createdAt };
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
    manager.rotate('second');
    manager.now = later(noon, -3600);
    expect(texts((await keys()).signing)).toContain('second');
  });

  test('sign at once where there is no key before', async () => {
    const manager = standIn();
    manager.current = version('only', noon);
    expect(texts((await manager.lambda()()).signing)).toEqual(['only']);
  });

  test.for([
    { what: 'a minute old, signs with the one before', age: 60, signing: ['first', 'second'] },
    { what: 'nearly ten minutes old, too', age: 599, signing: ['first', 'second'] },
    { what: 'ten minutes old, signs', age: 600, signing: ['second', 'first'] },
    { what: 'a year old, verifies with both', age: 365 * day, signing: ['second', 'first'] },
  ])('with a key that is $what', async ({ age, signing }) => {
    const manager = standIn();
    manager.rotate('second');
    manager.now = later(noon, age);
    expect(texts((await manager.lambda()()).signing)).toEqual(signing);
  });

  test('verify no longer with a key that was rotated twice', async () => {
    const manager = standIn();
    for (const name of ['second', 'third']) {
      manager.rotate(name);
      manager.now = later(manager.now, minute);
    }
    expect(texts((await manager.lambda()()).signing)).toEqual(['second', 'third']);
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
        manager.rotate('second');
        manager.now = later(noon, 4000);
        let step = 0;
        const tick = () => {
          if (step++ === rotateAfter) manager.rotate('third');
        };
        let reads = 0;
        const slow = storedKeys({
          contract: 'ccstore',
          ids,
          onReadError: () => undefined,
          clock: () => manager.now,
          async read(id, version) {
            const ticks = held[reads++ % 3] ?? 0;
            for (let n = 0; n < ticks; n += 1) await Promise.resolve().then(tick);
            return manager.answer(id, version);
          },
        });
        for (let n = 0; n < 6; n += 1) await Promise.resolve().then(tick);
        manager.now = later(manager.now, thaw);
        const ask = () =>
          slow().then(
            ({ signing }) => texts(signing),
            () => undefined,
          );
        // A reading that began in the minute after a rotation fails, and the next one reads again.
        const known = (await ask()) ?? (await ask());
        const { id, createdAt } = manager.current;
        const age = manager.now - createdAt;
        // Whoever has read the keys just now may have signed the token that comes next.
        const others = ['second', age < 10 * minute ? 'second' : id];
        if (known) expect(known).toEqual(expect.arrayContaining(others));
        else expect(age).toBeLessThan(minute);
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
      onReadError: () => undefined,
      clock: () => manager.now,
      async read(id, version) {
        const now = await manager.answer(id, version);
        reads += 1;
        if (reads <= 3) await gate;
        return now;
      },
    });
    await settled();
    manager.rotate('second');
    manager.now = later(noon, 3600);
    const asked = keys();
    answer();
    expect(texts((await asked).signing)).toEqual(['second', 'first']);
  });
});

describe('a signing key', () => {
  test('that was taken back verifies, and the one before it signs, however young', async () => {
    const manager = standIn();
    const only = version('only', noon);
    manager.current = only;
    manager.now = later(noon, minute);
    manager.rotate('second');
    manager.now = later(manager.now, minute);
    manager.move(only);
    expect(texts((await manager.lambda()()).signing)).toEqual(['only', 'second']);
  });

  test('that is too short, before one that everyone knows, does no harm', async () => {
    const manager = standIn();
    manager.move({ ...version('second', noon), text: 'short' });
    manager.rotate('third');
    await expect(manager.lambda()()).rejects.toMatchObject({ name: 'KeysUnavailable' });
    manager.now = later(noon, 600);
    expect(texts((await manager.lambda()()).signing)).toEqual(['third']);
  });

  test('made long before its label signs when a Lambda has seen it for ten minutes', async () => {
    const manager = standIn();
    const staged = version('staged', later(noon, -day / 2));
    manager.rotate('second');
    manager.now = later(noon, 20 * minute);
    const keys = manager.lambda();
    await keys();
    manager.now = later(manager.now, 9 * minute);
    manager.move(staged);
    for (const minutes of [0, 5, 10]) {
      const { signing } = await keys();
      const sign = minutes < 10 ? ['second', 'staged'] : ['staged', 'second'];
      expect(texts(signing)).toEqual(sign);
      manager.now = later(manager.now, 5 * minute);
      await settled();
    }
  });
});

describe('labels that move while they are read', () => {
  /** A Lambda whose next readings of a label are of other versions than it names. */
  function mixed(manager: ReturnType<typeof standIn>, ...previous: readonly SecretVersion[]) {
    const late = [...previous];
    return storedKeys({
      contract: 'ccstore',
      ids,
      onReadError: (error) => manager.unread.push(error),
      clock: () => manager.now,
      read: async (id, label) =>
        (label === 'AWSPREVIOUS' && late.shift()) || manager.answer(id, label),
    });
  }

  test('and name one version are read again', async () => {
    const manager = standIn();
    manager.rotate('second');
    manager.now = later(noon, 3600);
    const keys = mixed(manager, manager.current);
    expect(texts((await keys()).signing)).toEqual(['second', 'first']);
    expect(manager.reads).toBe(4);
  });

  test('and go on to name one version are unavailable', async () => {
    const manager = standIn();
    manager.previous = manager.current;
    await expect(manager.lambda()()).rejects.toMatchObject({
      name: 'KeysUnavailable',
      cause: { message: 'AWSCURRENT and AWSPREVIOUS are on one version' },
    });
  });

  test('and do not show the first AWSPREVIOUS yet leave a Lambda with what it knows', async () => {
    const manager = standIn();
    const keys = manager.lambda();
    await keys();
    manager.now = later(noon, 5 * minute);
    manager.current = version('second', manager.now);
    await keys();
    await settled();
    expect(texts((await keys()).signing)).toEqual(['first']);
  });

  test('are not believed until the current version is a minute old', async () => {
    const manager = standIn();
    const before = manager.current;
    manager.rotate('second');
    manager.now = later(noon, 3600);
    const warm = manager.lambda();
    await warm();
    manager.now = later(manager.now, 5 * minute);
    manager.rotate('third');
    manager.now = later(manager.now, minute - 1);
    await expect(mixed(manager, before)()).rejects.toMatchObject({ name: 'KeysUnavailable' });
    await warm();
    await settled();
    expect(texts((await warm()).signing)).toEqual(['second', 'first']);
    manager.now = later(manager.now, 10);
    await warm();
    await settled();
    expect(texts((await warm()).signing)).toEqual(['second', 'third']);
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
  { what: 'no root key', root: '', current: 'first'.repeat(8) },
  { what: 'a root key that is too short', root: 'short', current: 'first'.repeat(8) },
  { what: 'a signing key that is too short', root, current: 'short' },
])('a Lambda with $what is unavailable, and quotes nothing', async ({ root, current }) => {
  const manager = standIn();
  manager.root = root;
  manager.current = { id: 'first', text: current, createdAt: epochSeconds(0) };
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
