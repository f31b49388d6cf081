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
  test.for([
    { contract: 'eos', purpose: 'credential-digest', name: 'digest' },
    { contract: 'eos', purpose: 'encryption', name: 'encryption' },
    { contract: 's360', purpose: 'credential-digest', name: 'digest' },
    { contract: 's360', purpose: 'encryption', name: 'encryption' },
    { contract: 'ccstore', purpose: 'credential-digest', name: 'digest' },
    { contract: 'ccstore', purpose: 'encryption', name: 'encryption' },
  ] as const)('gives $contract its key for $purpose by HKDF-SHA-256', (row) => {
    const key = deriveKeys(row.contract, { root })[row.name];
    expect(hex(key)).toBe(hkdf(root, `session-refresh/${row.contract}/${row.purpose}/v1`));
  });

  test('gives the keys that live sessions were digested with, whatever its code becomes', () => {
    const { digest, encryption } = deriveKeys('s360', { root });
    expect([hex(digest), hex(encryption)]).toEqual([
      '7f8a3be35b50e497780aaea27f6b6250f5e77ce6bc3fc677e141c467c23e8e2a',
      '7769f58b271c774aed74a50f6d087b8256e066dda0f1736eec720d6f8f5fae4e',
    ]);
  });

  test('gives no contract and no purpose the key of another', () => {
    const keys = contracts.flatMap(({ name }) => {
      const { digest, encryption } = deriveKeys(name, { root, signing });
      return [hex(digest), hex(encryption)];
    });
    expect(new Set(keys).size).toBe(contracts.length * 2);
  });

  test('gives the signing keys as their own bytes, the current one first', () => {
    const keys = deriveKeys('s360', { root, signing, previousSigning: before });
    expect(keys.signing.map(text)).toEqual([signing, before]);
    expect(text(signingKey(keys))).toBe(signing);
  });

  test('gives no signing key where there is none, and nothing to sign with', () => {
    const keys = deriveKeys('eos', { root });
    expect(keys.signing).toEqual([]);
    expect(() => signingKey(keys)).toThrow('the contract has no signing key');
  });
});

const noKeys = 'the environment has no SESSION_KEYS; `npm start`, or your own shell, sets it';

const s360 = { serves: 's360', signs: true };
const eos = { serves: 'eos', signs: false };

describe('environmentKeys', () => {
  test('gives a contract the keys of its own part', async () => {
    const SESSION_KEYS = JSON.stringify({
      eos: { root: before, signing: before },
      s360: { root, signing, previousSigning: before },
    });
    const keys = await environmentKeys({ SESSION_KEYS }, s360)();
    expect(hex(keys.digest)).toBe(hex(deriveKeys('s360', { root }).digest));
    expect(keys.signing.map(text)).toEqual([signing, before]);
  });

  test('gives a contract that signs nothing no signing key, even where there is one', async () => {
    const SESSION_KEYS = JSON.stringify({ eos: { root, signing } });
    expect((await environmentKeys({ SESSION_KEYS }, eos)()).signing).toEqual([]);
  });

  test('takes keys of 32 characters', async () => {
    const SESSION_KEYS = JSON.stringify({ eos: { root: root.slice(0, 32) } });
    await expect(environmentKeys({ SESSION_KEYS }, eos)()).resolves.toBeDefined();
  });

  const noPart = (name: string) => `SESSION_KEYS has no ${name} of 32 characters or more`;
  const notJson = 'SESSION_KEYS is not JSON';

  test.for([
    { what: 'no SESSION_KEYS', contract: eos, keys: undefined, says: noKeys },
    { what: 'an empty one', contract: eos, keys: '', says: noKeys },
    { what: 'a key that is not JSON', contract: eos, keys: root, says: notJson },
    { what: 'broken JSON', contract: eos, keys: `{"eos":{"root":"${root}"}`, says: notJson },
    { what: 'null', contract: eos, keys: 'null', says: noPart('eos.root') },
    { what: 'an array', contract: eos, keys: `["${root}"]`, says: noPart('eos.root') },
    { what: 'a string', contract: eos, keys: `"${root}"`, says: noPart('eos.root') },
    {
      what: 'no part of this contract',
      contract: eos,
      keys: { s360: { root, signing } },
      says: noPart('eos.root'),
    },
    {
      what: 'a part that is a string',
      contract: eos,
      keys: { eos: root },
      says: noPart('eos.root'),
    },
    {
      what: 'a root of 31 characters',
      contract: eos,
      keys: { eos: { root: root.slice(0, 31) } },
      says: noPart('eos.root'),
    },
    {
      what: 'a root that is a list of characters',
      contract: eos,
      keys: { eos: { root: [...root] } },
      says: noPart('eos.root'),
    },
    {
      what: 'no signing key for a contract that signs',
      contract: s360,
      keys: { s360: { root } },
      says: noPart('s360.signing'),
    },
    {
      what: 'a signing key of 31 characters',
      contract: s360,
      keys: { s360: { root, signing: signing.slice(0, 31) } },
      says: noPart('s360.signing'),
    },
    {
      what: 'a previous signing key of 31 characters',
      contract: s360,
      keys: { s360: { root, signing, previousSigning: before.slice(0, 31) } },
      says: noPart('s360.previousSigning'),
    },
    {
      what: 'a previous signing key that is null',
      contract: s360,
      keys: { s360: { root, signing, previousSigning: null } },
      says: noPart('s360.previousSigning'),
    },
    {
      what: 'a contract called like something that every object has',
      contract: { serves: 'constructor', signs: false },
      keys: { eos: { root } },
      says: noPart('constructor.root'),
    },
  ])('refuses $what at once, and quotes no key', ({ contract, keys, says }) => {
    const SESSION_KEYS = typeof keys === 'object' ? JSON.stringify(keys) : keys;
    const error = thrown(() => environmentKeys({ SESSION_KEYS }, contract));
    expect(error).toMatchObject({ message: says });
    // As a crashing Lambda would log it: with its stack and its causes.
    const logged = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    for (const key of [root, signing, before]) expect(logged).not.toContain(key.slice(0, 12));
  });
});

function thrown(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe.for(contracts.map(({ name }) => ({ name })))('the handler of $name', ({ name }) => {
  const SESSION_KEYS = JSON.stringify(
    Object.fromEntries(contracts.map((contract) => [contract.name, { root, signing }])),
  );
  const load = (env: Record<string, string>) => {
    vi.resetModules();
    for (const variable of ['SESSION_TABLE', 'SESSION_KEYS'])
      vi.stubEnv(variable, env[variable] ?? '');
    return import(`../../functions/${name}/handler.ts`);
  };
  afterEach(() => vi.unstubAllEnvs());

  test('loads with a table and keys', async () => {
    const module = await load({ SESSION_TABLE: 'sessions', SESSION_KEYS });
    expect(module.handler).toBeTypeOf('function');
  });

  test.for([
    { what: 'keys', env: { SESSION_TABLE: 'sessions' }, says: noKeys },
    {
      what: 'a table',
      env: { SESSION_KEYS },
      says: 'the environment has no SESSION_TABLE; RefreshApi, or `npm start`, sets it',
    },
  ])('refuses to load without $what', async ({ env, says }) => {
    await expect(load(env as Record<string, string>)).rejects.toThrow(says);
  });
});
