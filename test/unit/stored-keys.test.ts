import type { KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import type { ReadSecret, SecretVersion } from '../../functions/core/keys/secrets-manager.ts';
import { storedKeys } from '../../functions/core/keys/stored-keys.ts';
import { type EpochSeconds, epochSeconds, later } from '../../functions/core/time.ts';

const ids = { root: 'root-id', signing: 'signing-id' };
const root = 'root'.repeat(16);
const noon = epochSeconds(Date.UTC(2026, 0, 15, 12) / 1000);
const minute = 60;
const day = 86_400;

/** Secrets Manager with versions that can be rotated, and a connection that can break. */
function secretsManager() {
  const made = later(noon, -day);
  const manager = {
    now: noon,
    broken: false,
    reads: 0,
    errors: [] as unknown[],
    root,
    current: version('first', made),
    previous: undefined as SecretVersion | undefined,
  };
  const read: ReadSecret = async (id, label) => {
    manager.reads += 1;
    if (manager.broken) throw new Error('no answer');
    if (id === ids.root) return { id: 'root', text: manager.root, createdAt: made };
    return label === 'AWSCURRENT' ? manager.current : manager.previous;
  };
  /** A Lambda's keys, read by this wire. */
  const lambda = (by: ReadSecret = read) =>
    storedKeys({
      contract: 'ccstore',
      ids,
      read: by,
      onReadError: (error) => manager.errors.push(error),
      clock: () => manager.now,
    });
  /** Moves AWSCURRENT to a version, and AWSPREVIOUS to where AWSCURRENT was. */
  const move = (to: SecretVersion) => {
    manager.previous = manager.current;
    manager.current = to;
  };
  const rotate = (name: string) => move(version(name, manager.now));
  return Object.assign(manager, { lambda, move, rotate, read });
}

function version(name: string, createdAt: EpochSeconds): SecretVersion {
  return { id: name, text: name.padEnd(64, '.'), createdAt };
}

/** The names of the signing keys, the one that signs first. */
async function signing(keys: ReturnType<typeof storedKeys>): Promise<string[]> {
  const text = (key: KeyObject) => key.export().toString('utf8').replace(/\.+$/, '');
  return (await keys()).signing.map(text);
}

/** Waits until a reading in the background ends. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const unavailable = { name: 'KeysUnavailable', message: 'the keys are unavailable' };

describe('stored keys', () => {
  test('derive from the root key, and have no signing key where none is named', async () => {
    const manager = secretsManager();
    const { digest, encryption, log } = deriveKeys('ccstore', { root });
    const keys = await manager.lambda()();
    expect([keys.digest, keys.encryption, keys.log]).toEqual([digest, encryption, log]);
    const props = { contract: 'eos', ids: { root: 'root-id' }, read: manager.read };
    const eos = storedKeys({ ...props, onReadError: () => undefined, clock: () => noon });
    expect((await eos()).signing).toEqual([]);
  });

  test('are read as the Lambda starts, and again after five minutes', async () => {
    const manager = secretsManager();
    const keys = manager.lambda();
    await settled();
    expect(manager.reads).toBe(3);
    for (const second of [0, 1, 299]) {
      manager.now = later(noon, second);
      await keys();
    }
    await settled();
    expect(manager.reads).toBe(3);
    manager.now = later(noon, 300);
    await keys();
    await settled();
    expect(manager.reads).toBe(6);
  });

  test('are read again by a clock that was set back', async () => {
    const manager = secretsManager();
    const keys = manager.lambda();
    await keys();
    manager.rotate('second');
    manager.now = later(noon, -3600);
    expect(await signing(keys)).toContain('second');
  });

  test('sign at once with a first key', async () => {
    const manager = secretsManager();
    manager.current = version('only', noon);
    expect(await signing(manager.lambda())).toEqual(['only']);
  });

  test.for([
    { age: 60, keys: ['first', 'second'] },
    { age: 599, keys: ['first', 'second'] },
    { age: 600, keys: ['second', 'first'] },
    { age: 365 * day, keys: ['second', 'first'] },
  ])('sign with $keys.0 when the second key is $age seconds old', async ({ age, keys }) => {
    const manager = secretsManager();
    manager.rotate('second');
    manager.now = later(noon, age);
    expect(await signing(manager.lambda())).toEqual(keys);
  });

  test('do not verify with a key that was rotated twice', async () => {
    const manager = secretsManager();
    for (const name of ['second', 'third']) {
      manager.rotate(name);
      manager.now = later(manager.now, minute);
    }
    expect(await signing(manager.lambda())).toEqual(['second', 'third']);
  });

  test('sign with a key that was taken back, however young', async () => {
    const manager = secretsManager();
    const only = version('only', noon);
    manager.current = only;
    manager.now = later(noon, minute);
    manager.rotate('second');
    manager.now = later(manager.now, minute);
    manager.move(only);
    expect(await signing(manager.lambda())).toEqual(['only', 'second']);
  });

  test('leave out a previous key that is too short, once the current key signs', async () => {
    const manager = secretsManager();
    manager.move({ ...version('second', noon), text: 'short' });
    manager.rotate('third');
    manager.now = later(noon, 599);
    await expect(manager.lambda()()).rejects.toMatchObject(unavailable);
    manager.now = later(noon, 600);
    expect(await signing(manager.lambda())).toEqual(['third']);
  });

  test('sign with an old version only ten minutes after its label was seen', async () => {
    const manager = secretsManager();
    const staged = version('staged', later(noon, -day / 2));
    manager.rotate('second');
    manager.now = later(noon, 20 * minute);
    const keys = manager.lambda();
    await keys();
    manager.now = later(manager.now, 9 * minute);
    manager.move(staged);
    for (const minutes of [0, 5, 10]) {
      const order = minutes < 10 ? ['second', 'staged'] : ['staged', 'second'];
      expect(await signing(keys)).toEqual(order);
      manager.now = later(manager.now, 5 * minute);
      await settled();
    }
  });

  test.for([
    { what: 'no root key', root: '', current: 'first'.repeat(8) },
    { what: 'a root key of 31 characters', root: 'r'.repeat(31), current: 'first'.repeat(8) },
    { what: 'a signing key of 31 characters', root, current: 's'.repeat(31) },
  ])('are unavailable with $what, and the error quotes no key', async ({ root, current }) => {
    const manager = secretsManager();
    manager.root = root;
    manager.current = { id: 'first', text: current, createdAt: epochSeconds(0) };
    const error: Error = await manager
      .lambda()()
      .then(
        () => expect.unreachable(),
        (thrown) => thrown,
      );
    expect(error).toMatchObject(unavailable);
    const problem = 'a secret is missing, or has less than 32 characters';
    expect(error.cause).toMatchObject({ message: problem });
  });
});

describe('labels that move during a reading', () => {
  /** A Lambda that first sees other versions under AWSPREVIOUS. */
  function late(manager: ReturnType<typeof secretsManager>, ...seen: SecretVersion[]) {
    return manager.lambda(
      async (id, label) => (label === 'AWSPREVIOUS' && seen.shift()) || manager.read(id, label),
    );
  }

  test('are read again when both are on one version', async () => {
    const manager = secretsManager();
    manager.rotate('second');
    manager.now = later(noon, 3600);
    expect(await signing(late(manager, manager.current))).toEqual(['second', 'first']);
    expect(manager.reads).toBe(4);
  });

  test('are unavailable while both stay on one version', async () => {
    const manager = secretsManager();
    manager.previous = manager.current;
    const cause = { message: 'AWSCURRENT and AWSPREVIOUS are on one version' };
    await expect(manager.lambda()()).rejects.toMatchObject({ ...unavailable, cause });
  });

  test('change nothing in a Lambda that knows the first key, until AWSPREVIOUS is seen', async () => {
    const manager = secretsManager();
    const keys = manager.lambda();
    await keys();
    manager.now = later(noon, 5 * minute);
    manager.current = version('second', manager.now);
    await keys();
    await settled();
    expect(await signing(keys)).toEqual(['first']);
  });

  test('are not trusted until the current version is a minute old', async () => {
    const manager = secretsManager();
    const before = manager.current;
    manager.rotate('second');
    manager.now = later(noon, 3600);
    const warm = manager.lambda();
    await warm();
    manager.now = later(manager.now, 5 * minute);
    manager.rotate('third');
    manager.now = later(manager.now, minute - 1);
    const cause = { message: 'the signing secret was rotated less than 60 seconds ago' };
    await expect(late(manager, before)()).rejects.toMatchObject({ ...unavailable, cause });
    await warm();
    await settled();
    expect(await signing(warm)).toEqual(['second', 'first']);
    manager.now = later(manager.now, 10);
    await warm();
    await settled();
    expect(await signing(warm)).toEqual(['second', 'third']);
  });
});

describe('a Lambda that is frozen during a reading', () => {
  test('refuses no valid token, whenever the key was rotated meanwhile', async () => {
    const pauses = fc.array(fc.nat({ max: 3 }), { minLength: 3, maxLength: 3 });
    const at = fc.integer({ min: 0, max: 4000 });
    await fc.assert(
      fc.asyncProperty(pauses, at, fc.nat({ max: 12 }), async (held, thaw, rotateAfter) => {
        const manager = secretsManager();
        manager.rotate('second');
        manager.now = later(noon, 4000);
        let step = 0;
        const tick = () => {
          if (step++ === rotateAfter) manager.rotate('third');
        };
        let reads = 0;
        const slow = manager.lambda(async (id, label) => {
          const ticks = held[reads++ % 3] ?? 0;
          for (let n = 0; n < ticks; n += 1) await Promise.resolve().then(tick);
          return manager.read(id, label);
        });
        for (let n = 0; n < 6; n += 1) await Promise.resolve().then(tick);
        manager.now = later(manager.now, thaw);
        const ask = () => signing(slow).catch(() => undefined);
        // A reading in the minute after a rotation fails, and the next request reads again.
        const known = (await ask()) ?? (await ask());
        const { id, createdAt } = manager.current;
        const age = manager.now - createdAt;
        // A Lambda that has just read the keys may have signed the next token.
        const others = ['second', age < 10 * minute ? 'second' : id];
        if (known) expect(known).toEqual(expect.arrayContaining(others));
        else expect(age).toBeLessThan(minute);
      }),
      { numRuns: 300 },
    );
  });

  test('reads again what it began to read before', async () => {
    const manager = secretsManager();
    const { promise: thawed, resolve: thaw } = Promise.withResolvers<void>();
    let reads = 0;
    const keys = manager.lambda(async (id, label) => {
      const read = await manager.read(id, label);
      reads += 1;
      if (reads <= 3) await thawed;
      return read;
    });
    await settled();
    manager.rotate('second');
    manager.now = later(noon, 3600);
    const asked = signing(keys);
    thaw();
    expect(await asked).toEqual(['second', 'first']);
  });

  test('is unavailable when the second reading is too slow as well', async () => {
    const manager = secretsManager();
    const keys = manager.lambda(async (id, label) => {
      manager.now = later(manager.now, 9 * minute);
      return manager.read(id, label);
    });
    const cause = { message: 'reading the keys took too long' };
    await expect(keys()).rejects.toMatchObject({ ...unavailable, cause });
  });
});

describe('while Secrets Manager does not answer', () => {
  test('a Lambda starts, its requests find no keys, and no failure is kept', async () => {
    const manager = secretsManager();
    manager.broken = true;
    const keys = manager.lambda();
    await settled();
    const cause = { message: 'no answer' };
    await expect(keys()).rejects.toMatchObject({ ...unavailable, cause });
    manager.broken = false;
    expect(await signing(keys)).toEqual(['first']);
  });

  test('keys are used for nine minutes', async () => {
    const manager = secretsManager();
    const keys = manager.lambda();
    await keys();
    manager.broken = true;
    manager.now = later(noon, 9 * minute - 1);
    expect(await signing(keys)).toEqual(['first']);
    await settled();
    manager.now = later(noon, 9 * minute);
    await expect(keys()).rejects.toMatchObject(unavailable);
    manager.broken = false;
    expect(await signing(keys)).toEqual(['first']);
  });

  test('it is asked every ten seconds, and each failure is reported', async () => {
    const manager = secretsManager();
    const keys = manager.lambda();
    await keys();
    manager.broken = true;
    for (let second = 300; second < 400; second += 1) {
      manager.now = later(noon, second);
      await keys();
      await settled();
    }
    expect(manager.errors).toEqual(Array(10).fill(expect.objectContaining(unavailable)));
    // Two at a time: the previous version is read after the current one.
    expect(manager.reads).toBe(3 + 10 * 2);
  });
});
