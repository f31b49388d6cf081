import type { KeyObject } from 'node:crypto';
import { test as base, describe, expect } from 'vitest';
import { deriveKeys, type Keys } from '../../functions/core/keys/keys.ts';
import type {
  Label,
  ReadSecret,
  SecretVersion,
} from '../../functions/core/keys/secrets-manager.ts';
import { type SecretIds, storedKeys } from '../../functions/core/keys/stored-keys.ts';
import { type EpochSeconds, epochSeconds, later } from '../../functions/core/time.ts';

const ids = { root: 'root-id', signing: 'signing-id' };
// As short as keys may be.
const root = 'root'.repeat(8);
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
    if (label !== 'AWSCURRENT') return label === 'AWSPREVIOUS' ? manager.previous : undefined;
    return id === ids.root ? { id: 'root', text: manager.root, createdAt: made } : manager.current;
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

type Manager = ReturnType<typeof secretsManager>;

const test = base.extend('manager', () => secretsManager());

function version(name: string, createdAt: EpochSeconds): SecretVersion {
  return { id: name, text: name.padEnd(32, '.'), createdAt };
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
  test('derive from the root key, and sign only with a named key', async ({ manager }) => {
    // Bytes, because all KeyObjects are equal to `expect`.
    const bytes = ({ signing: _, ...derived }: Keys) =>
      Object.entries(derived).map(([name, key]) => [name, key.export().toString('hex')]);
    expect(bytes(await manager.lambda()())).toEqual(bytes(deriveKeys('ccstore', { root })));
    const keys = await manager.lambda(manager.read, { root: 'root-id' })();
    expect(keys.signing).toEqual([]);
  });

  test('are read as the Lambda starts, and again after five minutes', async ({ manager }) => {
    const keys = manager.lambda();
    await settled();
    expect(manager.reads).toBe(3);
    for (const second of [0, 1, 299, 300, 301]) {
      manager.at(second);
      await signingLater(keys);
      expect(manager.reads).toBe(second < 300 ? 3 : 6);
    }
  });

  test('are read again by a clock that was set back', async ({ manager }) => {
    const keys = manager.lambda();
    await keys();
    manager.rotate('second');
    manager.at(-hour);
    expect(await signing(keys)).toContain('second');
  });

  test('sign at once with a first key', async ({ manager }) => {
    manager.current = version('only', noon);
    expect(await signing(manager.lambda())).toEqual(['only']);
  });

  test.for([
    { what: 'rotated 599 s ago', at: 599, keys: ['first', 'second'] },
    { what: 'rotated 600 s ago', at: 600, keys: ['second', 'first'] },
    { what: 'rotated a year ago', at: 365 * day, keys: ['second', 'first'] },
    { what: 'rotated twice', after: ['third'], at: 120, keys: ['second', 'third'] },
    { what: 'taken back', after: ['third', 'second'], at: 120, keys: ['second', 'third'] },
    { what: 'rotated twice in a second', after: ['fourth'], at: 120, keys: ['fourth', 'second'] },
  ])('sign with $keys.0 when it was $what', async ({ after = [], at, keys }, { manager }) => {
    for (const name of ['second', ...after])
      manager.move(version(name, name === 'third' ? later(noon, 30) : noon));
    manager.at(at);
    expect(await signing(manager.lambda())).toEqual(keys);
  });

  test('sign with a version ten minutes after it was made, whenever it was seen', async ({
    manager,
  }) => {
    const keys = manager.lambda();
    await keys();
    manager.at(100);
    manager.rotate('second');
    for (const second of [300, 600, 699, 700]) {
      manager.at(second);
      expect((await signingLater(keys))[0]).toBe(second < 700 ? 'first' : 'second');
    }
  });

  test('leave out a short previous key, once the current key signs', async ({ manager }) => {
    manager.move({ ...version('second', noon), text: 'short' });
    manager.rotate('third');
    manager.at(599);
    await expect(manager.lambda()()).rejects.toMatchObject(unavailable());
    manager.at(600);
    expect(await signing(manager.lambda())).toEqual(['third']);
  });

  test.for([
    { what: 'half a day', madeAt: -day / 2 },
    { what: 'a minute', madeAt: 19 * minute },
  ])(
    'sign with a version of $what ten minutes after its label was seen',
    async (the, { manager }) => {
      const staged = version('staged', later(noon, the.madeAt));
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
    },
  );

  const missing = 'a secret is missing, or has less than 32 characters';
  const shared = 'AWSCURRENT and AWSPREVIOUS are on one version';
  const first = version('first', later(noon, -day));
  test.for([
    { what: 'no root key', set: { root: '' }, cause: missing },
    { what: 'a root key of 31 characters', set: { root: 'r'.repeat(31) }, cause: missing },
    { what: 'a short key', set: { current: { ...first, text: 's'.repeat(31) } }, cause: missing },
    { what: 'both labels on one version', set: { previous: first }, cause: shared },
    { what: 'no answer', set: { broken: true }, cause: 'no answer' },
  ])('are unavailable with $what, and quote no key', async ({ set, cause }, { manager }) => {
    Object.assign(manager, set);
    await expect(manager.lambda()()).rejects.toMatchObject(unavailable(cause));
  });
});

describe('labels that move during a reading', () => {
  /** A Lambda that first sees another version under AWSPREVIOUS. */
  function late(manager: Manager, seen: SecretVersion) {
    const stale = [seen];
    return manager.lambda(
      async (id, label) => (label === 'AWSPREVIOUS' && stale.pop()) || manager.read(id, label),
    );
  }

  test('are read again when both are on one version', async ({ manager }) => {
    manager.rotate('second');
    manager.at(hour);
    expect(await signing(late(manager, manager.current))).toEqual(['second', 'first']);
    expect(manager.reads).toBe(4);
  });

  test('change nothing in a warm Lambda until AWSPREVIOUS is seen', async ({ manager }) => {
    const keys = manager.lambda();
    await keys();
    manager.at(5 * minute);
    manager.current = version('second', manager.now);
    expect(await signingLater(keys)).toEqual(['first']);
  });

  test('are not trusted until the current version is a minute old', async ({ manager }) => {
    const before = manager.current;
    manager.rotate('second');
    manager.at(hour);
    const warm = manager.lambda();
    await warm();
    manager.at(hour + 5 * minute);
    manager.rotate('third');
    const cause = 'the signing secret was rotated less than 60 seconds ago';
    for (const seconds of [-60, -59, 59, 60]) {
      manager.at(hour + 5 * minute + seconds);
      const cold = late(manager, before)();
      if (Math.abs(seconds) < 60) await expect(cold).rejects.toMatchObject(unavailable(cause));
      else expect((await cold).signing).toHaveLength(2);
    }
    manager.at(hour + 6 * minute - 1);
    expect(await signingLater(warm)).toEqual(['second', 'first']);
    manager.at(hour + 6 * minute + 9);
    expect(await signingLater(warm)).toEqual(['second', 'third']);
  });
});

describe('a Lambda that is frozen during a reading', () => {
  /** Keys that are first read while something happens, right after a label was read. */
  function during(manager: Manager, seen: Label, happens: () => void) {
    const once = [happens];
    return manager.lambda(async (id, label) => {
      const read = await manager.read(id, label);
      if (id === ids.signing && label === seen) once.pop()?.();
      return read;
    });
  }

  test('sees a rotation between the labels: it reads the current one first', async ({
    manager,
  }) => {
    manager.rotate('second');
    manager.at(hour);
    const keys = during(manager, 'AWSCURRENT', () => {
      manager.rotate('third');
      manager.at(hour + 5 * minute);
    });
    expect(await signing(keys)).toEqual(['second', 'third']);
  });

  test('reads again what it began to read before', async ({ manager }) => {
    const keys = during(manager, 'AWSPREVIOUS', () => {
      manager.rotate('second');
      manager.at(hour);
    });
    expect(await signing(keys)).toEqual(['second', 'first']);
  });

  test('is unavailable when the second reading is too slow as well', async ({ manager }) => {
    const keys = manager.lambda((id, label) => {
      manager.now = later(manager.now, 9 * minute);
      return manager.read(id, label);
    });
    await expect(keys()).rejects.toMatchObject(unavailable('reading the keys took too long'));
  });
});

describe('while Secrets Manager does not answer', () => {
  test('a Lambda starts, and no failure is kept', async ({ manager }) => {
    manager.broken = true;
    const keys = manager.lambda();
    await settled();
    await expect(keys()).rejects.toMatchObject(unavailable());
    manager.broken = false;
    expect(await signing(keys)).toEqual(['first']);
  });

  test('keys are used for nine minutes, and not longer', async ({ manager }) => {
    const keys = manager.lambda();
    await keys();
    manager.broken = true;
    manager.at(9 * minute - 1);
    expect(await signingLater(keys)).toEqual(['first']);
    manager.at(9 * minute);
    await expect(keys()).rejects.toMatchObject(unavailable());
  });

  test('it is asked every ten seconds, and each failure is reported', async ({ manager }) => {
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
