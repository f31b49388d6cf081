import { createHmac, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { deriveKeys, environmentKeys, signingKey } from '../../functions/core/keys/keys.ts';
import { secretsManager } from '../../functions/core/keys/secrets-manager.ts';

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
    const { digest, successor, encryption, log } = deriveKeys(contract, { root });
    const purposes = ['credential-digest', 'successor', 'encryption', 'session-hash'];
    expect([digest, successor, encryption, log].map(hex)).toEqual(
      purposes.map((purpose) => hkdf(root, `session-refresh/${contract}/${purpose}/v1`)),
    );
  });

  test('gives the signing keys as their own bytes, the current one first', () => {
    const keys = deriveKeys('s360', { root, signing, previousSigning: before });
    expect(keys.signing.map(text)).toEqual([signing, before]);
    expect(text(signingKey(keys))).toBe(signing);
    const none = deriveKeys('eos', { root });
    expect(none.signing).toEqual([]);
    expect(() => signingKey(none)).toThrow('the contract has no signing key');
  });
});

describe('environmentKeys', () => {
  const s360 = { serves: 's360', signs: true };
  const eos = { serves: 'eos', signs: false };

  test('gives a contract the keys of its own part', async () => {
    const SESSION_KEYS = JSON.stringify({
      eos: { root: root.slice(0, 32), signing: before },
      s360: { root, signing, previousSigning: before },
    });
    const keys = await environmentKeys({ SESSION_KEYS }, s360)();
    expect(hex(keys.digest)).toBe(hex(deriveKeys('s360', { root }).digest));
    expect(keys.signing.map(text)).toEqual([signing, before]);
    expect((await environmentKeys({ SESSION_KEYS }, eos)()).signing).toEqual([]);
    const one = JSON.stringify({ s360: { root, signing } });
    const { signing: only } = await environmentKeys({ SESSION_KEYS: one }, s360)();
    expect(only.map(text)).toEqual([signing]);
  });

  const short = signing.slice(0, 31);
  const refuses = async (of: typeof eos, given: unknown, message: string) => {
    const SESSION_KEYS = typeof given === 'object' ? JSON.stringify(given) : (given as string);
    const load = async () => environmentKeys({ SESSION_KEYS }, of);
    const error = await load().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message });
    // As a crashing Lambda would log it: with its stack and its causes.
    const logged = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    for (const key of [root, signing]) expect(logged).not.toContain(key.slice(0, 8));
  };

  test('refuses a text that is missing or no JSON, and quotes no key', async () => {
    const none = 'the environment has no SESSION_KEYS; `npm start`, or your own shell, sets it';
    for (const text of [undefined, '']) await refuses(eos, text, none);
    for (const text of [root, `{"eos":"${root}"`])
      await refuses(eos, text, 'SESSION_KEYS is not JSON');
  });

  test('refuses keys without a part of 32 characters, and quotes none', async () => {
    const lacks = (part: string) => `SESSION_KEYS has no ${part} of 32 characters or more`;
    const parts = [root, null, { root: short }, { root: [...root] }].map((eos) => ({ eos }));
    for (const keys of ['null', `["${root}"]`, `"${root}"`, { s360: { root } }, ...parts])
      await refuses(eos, keys, lacks('eos.root'));
    for (const signing of [undefined, short])
      await refuses(s360, { s360: { root, signing } }, lacks('s360.signing'));
    for (const previousSigning of [short, null]) {
      const keys = { s360: { root, signing, previousSigning } };
      await refuses(s360, keys, lacks('s360.previousSigning'));
    }
    const inherited = { serves: 'constructor', signs: false };
    await refuses(inherited, { eos: { root } }, lacks('constructor.root'));
  });
});

describe('secretsManager', () => {
  /** Reads over a wire that always answers this. */
  function over(statusCode: number, answer: object) {
    const env = { AWS_REGION: 'local', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const body = Buffer.from(JSON.stringify(answer));
    const handle = vi.fn(async (_: { readonly body: Uint8Array }) => ({
      response: { statusCode, headers: {}, body },
    }));
    return { handle, read: secretsManager({ handle }) };
  }

  test('reads the version that has a label: its id, text and second', async () => {
    const answer = { VersionId: 'one', SecretString: 'text', CreatedDate: 1_700_000_000.9 };
    const { handle, read } = over(200, answer);
    const version = { id: 'one', text: 'text', createdAt: 1_700_000_000 };
    expect(await read('name', 'AWSPREVIOUS')).toEqual(version);
    const bodies = handle.mock.calls.map(([{ body }]) =>
      JSON.parse(new TextDecoder().decode(body)),
    );
    expect(bodies).toEqual([{ SecretId: 'name', VersionStage: 'AWSPREVIOUS' }]);
  });

  test('reads a version without a text as empty, which no key is', async () => {
    const version = { id: '', text: '', createdAt: 0 };
    expect(await over(200, {}).read('name', 'AWSCURRENT')).toEqual(version);
  });

  test('gives no version where there is none, and throws any other error after two tries', async () => {
    const none = over(400, { __type: 'ResourceNotFoundException' });
    expect(await none.read('name', 'AWSPREVIOUS')).toBeUndefined();
    const { handle, read } = over(500, { __type: 'InternalServiceError' });
    await expect(read('name', 'AWSCURRENT')).rejects.toMatchObject({
      name: 'InternalServiceError',
    });
    expect(handle).toHaveBeenCalledTimes(2);
  });
});
