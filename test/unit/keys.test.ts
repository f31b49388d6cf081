import {
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { encrypt } from '../../functions/core/keys/encryption.ts';
import { deriveKeys, environmentKeys, signingKey } from '../../functions/core/keys/keys.ts';
import { secretsManager } from '../../functions/core/keys/secrets-manager.ts';
import { rowOf } from '../support/session.ts';

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
  test('gives each key by HKDF-SHA-256', () => {
    const { digest, successor, encryption, log } = deriveKeys('s360', { root });
    const purposes = ['credential-digest', 'successor', 'encryption', 'session-hash'];
    expect([digest, successor, encryption, log].map(hex)).toEqual(
      purposes.map((purpose) => hkdf(root, `session-refresh/s360/${purpose}/v1`)),
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
    const s360Keys = { root, signing, previousSigning: before };
    const given = { eos: { root: root.slice(0, 32), signing: before }, s360: s360Keys };
    const loaded = (of: typeof eos, all: object = given) =>
      environmentKeys({ SESSION_KEYS: JSON.stringify(all) }, of)();
    const keys = await loaded(s360);
    expect(hex(keys.digest)).toBe(hex(deriveKeys('s360', { root }).digest));
    expect(keys.signing.map(text)).toEqual([signing, before]);
    expect((await loaded(eos)).signing).toEqual([]);
    expect((await loaded(s360, { s360: { root, signing } })).signing.map(text)).toEqual([signing]);
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

  test('refuses what is missing, no JSON or too short, and quotes no key', async () => {
    const none = 'the environment has no SESSION_KEYS; `npm start`, or your own shell, sets it';
    for (const text of [undefined, '']) await refuses(eos, text, none);
    for (const text of [root, `{"eos":"${root}"`])
      await refuses(eos, text, 'SESSION_KEYS is not JSON');
    const lacks = (part: string) => `SESSION_KEYS has no ${part} of 32 characters or more`;
    const parts = [root, null, { root: short }, { root: [...root] }].map((eos) => ({ eos }));
    for (const keys of ['null', `["${root}"]`, `"${root}"`, { s360: { root } }, ...parts])
      await refuses(eos, keys, lacks('eos.root'));
    for (const signing of [undefined, short])
      await refuses(s360, { s360: { root, signing } }, lacks('s360.signing'));
    for (const previousSigning of [short, null])
      await refuses(
        s360,
        { s360: { root, signing, previousSigning } },
        lacks('s360.previousSigning'),
      );
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
    const response = { statusCode, headers: {}, body: Buffer.from(JSON.stringify(answer)) };
    const handle = vi.fn(async (_: { readonly body: Uint8Array }) => ({ response }));
    return { handle, read: secretsManager({ handle }) };
  }

  test('reads the version that has a label: its id, text and second', async () => {
    const answer = { VersionId: 'one', SecretString: 'text', CreatedDate: 1_700_000_000.9 };
    const { handle, read } = over(200, answer);
    const version = { id: 'one', text: 'text', createdAt: 1_700_000_000 };
    expect(await read('name', 'AWSPREVIOUS')).toEqual(version);
    const utf8 = new TextDecoder();
    const bodies = handle.mock.calls.map(([{ body }]) => JSON.parse(utf8.decode(body)));
    expect(bodies).toEqual([{ SecretId: 'name', VersionStage: 'AWSPREVIOUS' }]);
    // One without a text is empty, which no key is.
    const empty = await over(200, {}).read('name', 'AWSCURRENT');
    expect(empty).toEqual({ id: '', text: '', createdAt: 0 });
  });

  test('gives no version where there is none, and throws any other error after two tries', async () => {
    const none = over(400, { __type: 'ResourceNotFoundException' });
    expect(await none.read('name', 'AWSPREVIOUS')).toBeUndefined();
    const name = 'InternalServiceError';
    const { handle, read } = over(500, { __type: name });
    await expect(read('name', 'AWSCURRENT')).rejects.toMatchObject({ name });
    expect(handle).toHaveBeenCalledTimes(2);
  });
});

const sealing = createSecretKey(randomBytes(32));
const row = rowOf('s360', 'c9e12c13-589e-4f3a-9273-e9300fda0ef1');

/** Decrypts by the documented layout: a key per session; nonce, ciphertext, tag over both and the row key. */
function decrypt(sealed: Buffer): string {
  const own = createHmac('sha256', sealing).update(row).digest();
  const [nonce, tag] = [sealed.subarray(0, 12), sealed.subarray(-16)];
  const decipher = createDecipheriv('aes-256-gcm', own, nonce, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(row)).setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString();
}

describe('encrypt', () => {
  test.for(['', 'رمز الجلسة', '20 characters, ASCII'])(
    'encrypts %j to nonce, ciphertext and tag, bound to its session, in standard base64',
    (text) => {
      const sealed = encrypt(text, sealing, row);
      const bytes = Buffer.from(sealed, 'base64');
      expect(bytes.toString('base64')).toBe(sealed);
      expect(bytes).toHaveLength(12 + Buffer.byteLength(text) + 16);
      expect(decrypt(bytes)).toBe(text);
    },
  );

  test('draws the 96 bits of a nonce for every text, also for the same one', () => {
    const sealed = Array.from({ length: 500 }, () => encrypt('same', sealing, row).slice(0, 16));
    expect(new Set(sealed).size).toBe(500);
    const nonces = sealed.map((text) => Buffer.from(text, 'base64'));
    for (let bit = 0; bit < 96; bit += 1) {
      const drawn = nonces.map((nonce) => ((nonce[bit >> 3] ?? 0) >> (bit & 7)) & 1);
      expect([...new Set(drawn)].toSorted(), `bit ${bit}`).toEqual([0, 1]);
    }
  });
});
