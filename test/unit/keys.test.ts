import { createHmac, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { deriveKeys, environmentKeys, signingKey } from '../../functions/core/keys/keys.ts';

const root = 'root-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz';
const signing = 'signing-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz';
const before = 'before-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz';

/** HKDF-SHA-256 of 32 bytes with no salt, written out from RFC 5869. */
function hkdf(secret: string, info: string): string {
  const extracted = createHmac('sha256', Buffer.alloc(32)).update(secret).digest();
  return createHmac('sha256', extracted).update(info).update('\x01').digest('hex');
}

const hex = (key: KeyObject) => key.export().toString('hex');
const text = (key: KeyObject | undefined) => key?.export().toString();

describe('deriveKeys', () => {
  test.for(['eos', 's360', 'ccstore'])('gives %s each key by HKDF-SHA-256', (contract) => {
    const { signing: _, ...derived } = deriveKeys(contract, { root });
    const info = (purpose: string) => hkdf(root, `session-refresh/${contract}/${purpose}/v1`);
    expect(
      Object.fromEntries(Object.entries(derived).map(([name, key]) => [name, hex(key)])),
    ).toEqual({
      digest: info('credential-digest'),
      successor: info('successor'),
      encryption: info('encryption'),
      log: info('session-hash'),
    });
  });

  test('gives the keys of live sessions, whatever its code becomes', () => {
    const { digest, encryption } = deriveKeys('s360', { root });
    expect([hex(digest), hex(encryption)]).toEqual([
      '7f8a3be35b50e497780aaea27f6b6250f5e77ce6bc3fc677e141c467c23e8e2a',
      '7769f58b271c774aed74a50f6d087b8256e066dda0f1736eec720d6f8f5fae4e',
    ]);
  });

  test('gives the signing keys as their own bytes, the current one first', () => {
    const keys = deriveKeys('s360', { root, signing, previousSigning: before });
    expect(keys.signing.map(text)).toEqual([signing, before]);
    expect(text(signingKey(keys))).toBe(signing);
  });

  test('gives no signing key to a contract that has none', () => {
    const keys = deriveKeys('eos', { root });
    expect(keys.signing).toEqual([]);
    expect(() => signingKey(keys)).toThrow('the contract has no signing key');
  });
});

const noKeys = 'the environment has no SESSION_KEYS; `npm start`, or your own shell, sets it';

describe('environmentKeys', () => {
  const s360 = { serves: 's360', signs: true };
  const eos = { serves: 'eos', signs: false };
  const short = signing.slice(0, 31);

  test('gives a contract the keys of its own part', async () => {
    const SESSION_KEYS = JSON.stringify({
      eos: { root: before, signing: before },
      s360: { root, signing, previousSigning: before },
    });
    const keys = await environmentKeys({ SESSION_KEYS }, s360)();
    expect(hex(keys.digest)).toBe(hex(deriveKeys('s360', { root }).digest));
    expect(keys.signing.map(text)).toEqual([signing, before]);
  });

  test('takes keys of 32 characters, and no signing key for a contract that does not sign', async () => {
    const SESSION_KEYS = JSON.stringify({ eos: { root: root.slice(0, 32), signing } });
    expect((await environmentKeys({ SESSION_KEYS }, eos)()).signing).toEqual([]);
  });

  test.for([
    { what: 'no SESSION_KEYS', keys: undefined },
    { what: 'an empty one', keys: '' },
    { what: 'a key that is not JSON', keys: root, lacks: 'JSON' },
    { what: 'broken JSON', keys: `{"eos":{"root":"${root}"}`, lacks: 'JSON' },
    { what: 'null', keys: 'null', lacks: 'eos.root' },
    { what: 'an array', keys: `["${root}"]`, lacks: 'eos.root' },
    { what: 'a string', keys: `"${root}"`, lacks: 'eos.root' },
    { what: 'no part of this contract', keys: { s360: { root, signing } }, lacks: 'eos.root' },
    { what: 'a part that is a string', keys: { eos: root }, lacks: 'eos.root' },
    { what: 'a part that is null', keys: { eos: null }, lacks: 'eos.root' },
    { what: 'a root of 31 characters', keys: { eos: { root: short } }, lacks: 'eos.root' },
    { what: 'a root that is a list', keys: { eos: { root: [...root] } }, lacks: 'eos.root' },
    { what: 'no signing key', of: s360, keys: { s360: { root } }, lacks: 's360.signing' },
    {
      what: 'a signing key of 31 characters',
      of: s360,
      keys: { s360: { root, signing: short } },
      lacks: 's360.signing',
    },
    {
      what: 'a previous signing key of 31 characters',
      of: s360,
      keys: { s360: { root, signing, previousSigning: short } },
      lacks: 's360.previousSigning',
    },
    {
      what: 'a previous signing key that is null',
      of: s360,
      keys: { s360: { root, signing, previousSigning: null } },
      lacks: 's360.previousSigning',
    },
    {
      what: 'a contract with the name of an inherited property',
      of: { serves: 'constructor', signs: false },
      keys: { eos: { root } },
      lacks: 'constructor.root',
    },
  ])('refuses $what, and quotes no key', ({ of = eos, keys, lacks }) => {
    const SESSION_KEYS = typeof keys === 'object' ? JSON.stringify(keys) : keys;
    const error = thrown(() => environmentKeys({ SESSION_KEYS }, of));
    const message = {
      none: noKeys,
      JSON: 'SESSION_KEYS is not JSON',
      part: `SESSION_KEYS has no ${lacks} of 32 characters or more`,
    }[lacks === undefined ? 'none' : lacks === 'JSON' ? 'JSON' : 'part'];
    expect(error).toMatchObject({ message });
    // As a crashing Lambda would log it: with its stack and its causes.
    const logged = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    for (const key of [root, signing, before]) expect(logged).not.toContain(key.slice(0, 12));
  });
});

describe.for(contracts.map(({ name }) => ({ name })))('the handler of $name', ({ name }) => {
  const owners = contracts.map(({ serves }) => [serves, { root, signing }]);
  const SESSION_KEYS = JSON.stringify(Object.fromEntries(owners));
  const load = (env: { readonly SESSION_TABLE?: string; readonly SESSION_KEYS?: string }) => {
    vi.resetModules();
    vi.stubEnv('SESSION_TABLE', env.SESSION_TABLE ?? '');
    vi.stubEnv('SESSION_KEYS', env.SESSION_KEYS ?? '');
    return import(`../../functions/${name}/handler.ts`);
  };
  afterEach(() => vi.unstubAllEnvs());

  test('loads with a table and keys, and not without', async () => {
    const { handler } = await load({ SESSION_TABLE: 'sessions', SESSION_KEYS });
    expect(handler).toBeTypeOf('function');
    await expect(load({ SESSION_TABLE: 'sessions' })).rejects.toThrow(noKeys);
    const noTable = 'the environment has no SESSION_TABLE; RefreshApi, or `npm start`, sets it';
    await expect(load({ SESSION_KEYS })).rejects.toThrow(noTable);
  });
});

function thrown(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
