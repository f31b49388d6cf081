import type { KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { deriveKeys, type Keys } from '../../functions/core/keys/keys.ts';
import type { ReadSecret, SecretVersion } from '../../functions/core/keys/secrets-manager.ts';
import { type SecretIds, storedKeys } from '../../functions/core/keys/stored-keys.ts';
import { type EpochSeconds, epochSeconds, later } from '../../functions/core/time.ts';

const ids = { root: 'root-id', signing: 'signing-id' };
const root = 'root'.repeat(16);
const noon = epochSeconds(Date.UTC(2026, 0, 15, 12) / 1000);
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

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
  const lambda = (by = read, secrets: SecretIds = ids) =>
    storedKeys({
      contract: 'ccstore',
      ids: secrets,
      read: by,
      onReadError: (error) => manager.errors.push(error),
      clock: () => manager.now,
    });
  /** Lets the clock show a second after noon. */
  const at = (second: number) => {
    manager.now = later(noon, second);
  };
  /** Moves AWSCURRENT to a version, and AWSPREVIOUS to where AWSCURRENT was. */
  const move = (to: SecretVersion) => {
    manager.previous = manager.current;
    manager.current = to;
  };
  const rotate = (name: string) => move(version(name, manager.now));
  return Object.assign(manager, { lambda, at, move, rotate, read });
}

function version(name: string, createdAt: EpochSeconds): SecretVersion {
  return { id: name, text: name.padEnd(64, '.'), createdAt };
}

/** The names of the signing keys, the one that signs first. */
async function signing(keys: ReturnType<typeof storedKeys>): Promise<string[]> {
  const text = (key: KeyObject) => key.export().toString('utf8').replace(/\.+$/, '');
  return (await keys()).signing.map(text);
}

/** Asks for the keys and waits until a reading in the background ends; then asks again. */
async function signingLater(keys: ReturnType<typeof storedKeys>): Promise<string[]> {
  await keys();
  await settled();
  return signing(keys);
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const unavailable = (message?: string) => ({
  name: 'KeysUnavailable',
  message: 'the keys are unavailable',
  ...(message && { cause: { message } }),
});

describe('stored keys', () => {
  test('derive from the root key, and have no signing key where none is named', async () => {
    const manager = secretsManager();
    // Bytes, because all KeyObjects are equal to `expect`.
    const bytes = ({ signing: _, ...derived }: Keys) =>
      Object.entries(derived).map(([name, key]) => [name, key.export().toString('hex')]);
    expect(bytes(await manager.lambda()())).toEqual(bytes(deriveKeys('ccstore', { root })));
    const keys = await manager.lambda(manager.read, { root: 'root-id' })();
    expect(keys.signing).toEqual([]);
  });

  test('are read as the Lambda starts, and again after five minutes', async () => {
    const manager = secretsManager();
    const keys = manager.lambda();
    await settled();
    for (const [second, reads] of [
      [0, 3],
      [1, 3],
      [299, 3],
      [300, 6],
      [301, 6],
    ] as const) {
      manager.at(second);
      await signingLater(keys);
      expect(manager.reads).toBe(reads);
    }
  });

  test('are read again by a clock that was set back', async () => {
    const manager = secretsManager();
    const keys = manager.lambda();
    await keys();
    manager.rotate('second');
    manager.at(-hour);
    expect(await signing(keys)).toContain('second');
  });

  test('sign at once with a first key', async () => {
    const manager = secretsManager();
    manager.current = version('only', noon);
    expect(await signing(manager.lambda())).toEqual(['only']);
  });

  test.for([
    { what: 'rotated a minute ago', second: 0, at: minute, keys: ['first', 'second'] },
    { what: 'rotated 599 s ago', second: 0, at: 599, keys: ['first', 'second'] },
    { what: 'rotated 600 s ago', second: 0, at: 600, keys: ['second', 'first'] },
    { what: 'rotated a year ago', second: 0, at: 365 * day, keys: ['second', 'first'] },
    { what: 'rotated twice', second: 0, third: 60, at: 120, keys: ['second', 'third'] },
    { what: 'taken back', second: 0, third: 60, back: 90, at: 150, keys: ['second', 'third'] },
  ])('sign with $keys.0 when it was $what', async ({ second, third, back, at, keys }) => {
    const manager = secretsManager();
    const before = version('second', later(noon, second));
    manager.move(before);
    if (third) manager.move(version('third', later(noon, third)));
    if (back) manager.move(before);
    manager.at(at);
    expect(await signing(manager.lambda())).toEqual(keys);
  });

  test('leave out a previous key that is too short, once the current key signs', async () => {
    const manager = secretsManager();
    manager.move({ ...version('second', noon), text: 'short' });
    manager.rotate('third');
    manager.at(599);
    await expect(manager.lambda()()).rejects.toMatchObject(unavailable());
    manager.at(600);
    expect(await signing(manager.lambda())).toEqual(['third']);
  });

  test('sign with an old version only ten minutes after its label was seen', async () => {
    const manager = secretsManager();
    const staged = version('staged', later(noon, -day / 2));
    manager.rotate('second');
    manager.at(20 * minute);
    const keys = manager.lambda();
    await keys();
    manager.move(staged);
    for (const minutes of [29, 34, 39]) {
      manager.at(minutes * minute);
      const order = minutes < 39 ? ['second', 'staged'] : ['staged', 'second'];
      expect(await signingLater(keys)).toEqual(order);
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
    const problem = 'a secret is missing, or has less than 32 characters';
    await expect(manager.lambda()()).rejects.toMatchObject(unavailable(problem));
  });
});

describe('labels that move during a reading', () => {
  /** A Lambda that first sees another version under AWSPREVIOUS. */
  function late(manager: ReturnType<typeof secretsManager>, seen: SecretVersion) {
    const stale = [seen];
    return manager.lambda(
      async (id, label) => (label === 'AWSPREVIOUS' && stale.pop()) || manager.read(id, label),
    );
  }

  test('are read again when both are on one version', async () => {
    const manager = secretsManager();
    manager.rotate('second');
    manager.at(hour);
    expect(await signing(late(manager, manager.current))).toEqual(['second', 'first']);
    expect(manager.reads).toBe(4);
  });

  test('are unavailable while both stay on one version', async () => {
    const manager = secretsManager();
    manager.previous = manager.current;
    const cause = 'AWSCURRENT and AWSPREVIOUS are on one version';
    await expect(manager.lambda()()).rejects.toMatchObject(unavailable(cause));
  });

  test('change nothing in a Lambda that knows the first key, until AWSPREVIOUS is seen', async () => {
    const manager = secretsManager();
    const keys = manager.lambda();
    await keys();
    manager.at(5 * minute);
    manager.current = version('second', manager.now);
    expect(await signingLater(keys)).toEqual(['first']);
  });

  test('are not trusted until the current version is a minute old', async () => {
    const manager = secretsManager();
    const before = manager.current;
    manager.rotate('second');
    manager.at(hour);
    const warm = manager.lambda();
    await warm();
    manager.at(hour + 5 * minute);
    manager.rotate('third');
    manager.at(hour + 6 * minute - 1);
    const cause = 'the signing secret was rotated less than 60 seconds ago';
    await expect(late(manager, before)()).rejects.toMatchObject(unavailable(cause));
    expect(await signingLater(warm)).toEqual(['second', 'first']);
    manager.at(hour + 6 * minute + 9);
    expect(await signingLater(warm)).toEqual(['second', 'third']);
  });
});

describe('a Lambda that is frozen during a reading', () => {
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
    manager.at(hour);
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
    await expect(keys()).rejects.toMatchObject(unavailable('reading the keys took too long'));
  });
});

describe('while Secrets Manager does not answer', () => {
  test('a Lambda starts, its requests find no keys, and no failure is kept', async () => {
    const manager = secretsManager();
    manager.broken = true;
    const keys = manager.lambda();
    await settled();
    await expect(keys()).rejects.toMatchObject(unavailable('no answer'));
    manager.broken = false;
    expect(await signing(keys)).toEqual(['first']);
  });

  test('keys are used for nine minutes', async () => {
    const manager = secretsManager();
    const keys = manager.lambda();
    await keys();
    manager.broken = true;
    manager.at(9 * minute - 1);
    expect(await signingLater(keys)).toEqual(['first']);
    manager.at(9 * minute);
    await expect(keys()).rejects.toMatchObject(unavailable());
    manager.broken = false;
    expect(await signing(keys)).toEqual(['first']);
  });

  test('it is asked every ten seconds, and each failure is reported', async () => {
    const manager = secretsManager();
    const keys = manager.lambda();
    await keys();
    manager.broken = true;
    for (let second = 300; second < 400; second += 1) {
      manager.at(second);
      await signingLater(keys);
    }
    expect(manager.errors).toEqual(Array(10).fill(expect.objectContaining(unavailable())));
    // Two at a time: the previous version is read after the current one.
    expect(manager.reads).toBe(3 + 10 * 2);
  });
});
