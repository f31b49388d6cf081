import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { describe, expect } from 'vitest';
import { deriveKeys } from '../../../functions/core/keys/keys.ts';
import { later } from '../../../functions/core/time.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { type Held, material, noon, test, type World } from '../../support/world.ts';
import { decoded, payloadOf, segments } from '../ccstore/tokens.ts';
import { sampleEncrypted, sampleSession, sampleToken } from './document.ts';

async function refresh(world: World, { sessionToken, sessionId }: Held): Promise<string> {
  const answer = await world.post(s360, {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ sessionToken, sessionId }),
  });
  return answer.json.data.accessToken;
}

/** The sessionToken in a token, as whoever holds the root secret reads it. */
function decrypted(token: string): string {
  const bytes = Buffer.from(encryptedIn(token), 'base64');
  const info = 'session-refresh/s360/encryption/v1';
  const key = Buffer.from(hkdfSync('sha256', material.root, '', info, 32));
  const row = `s360#${JSON.parse(payloadOf(token)).context.sso.sessionId}`;
  const own = createHmac('sha256', key).update(row).digest();
  const decipher = createDecipheriv('aes-256-gcm', own, bytes.subarray(0, 12));
  decipher.setAAD(Buffer.from(row));
  decipher.setAuthTag(bytes.subarray(-16));
  return decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8');
}

function encryptedIn(token: string): string {
  return JSON.parse(payloadOf(token)).context.sso.sessionTokenEncrypted;
}

function verified(token: string, signing: string, now: number) {
  const key = new TextEncoder().encode(signing);
  return jwtVerify(token, key, { algorithms: ['HS256'], currentDate: new Date(now * 1000) });
}

describe("the document's own token", () => {
  test('has a payload that JSON.stringify and base64url give back, byte for byte', () => {
    const text = payloadOf(sampleToken);
    const again = Buffer.from(JSON.stringify(JSON.parse(text))).toString('base64url');
    expect(again).toBe(segments(sampleToken).payload);
    expect(decoded(segments(sampleToken).header)).toBe('{"alg":"HS256","typ":"JWT"}');
    expect(encryptedIn(sampleToken)).toBe(sampleEncrypted);
    expect(Buffer.from(sampleEncrypted, 'base64')).toHaveLength(48);
  });
});

describe('the access token of s360', () => {
  test("is the document's, byte for byte up to its times, but for what is encrypted", async ({
    world,
  }) => {
    const held = await world.open(s360, sampleSession);
    world.now = later(noon, 60);
    for (const [token, at] of [
      [held.accessToken, noon],
      [await refresh(world, held), later(noon, 60)],
    ] as const) {
      const { header, payload } = segments(token);
      const times = `,"iat":${at},"exp":${at + 1800}}`;
      const text = decoded(payload).replace(encryptedIn(token), () => sampleEncrypted);
      expect(text).toBe(payloadOf(sampleToken).slice(0, -1) + times);
      const untimed = Buffer.from(`${text.slice(0, -times.length)}}`).toString('base64url');
      expect(untimed).toBe(segments(sampleToken).payload);
      expect(header).toBe(segments(sampleToken).header);
    }
  });

  test('gives claims back as they were opened, whatever a parser would make of them', async ({
    world,
  }) => {
    const user = '{"selfProfile":[{"b":1,"10":1,"2":2,"profileId":98765432109876543210,"n":1.0}]}';
    const app = '{"iidParams":{"ar":"\\u0646جاح","__proto__":{"x":null},"e":""}}';
    const claims = `{"app": ${app}, "sso": {"externalSystemId": "chatbot"}, "user": ${user} }`;
    const held = await world.open(s360, { claims });
    await refresh(world, held);
    expect(payloadOf(await refresh(world, held))).toContain(
      `"context":{"user":${user},"app":${app},"sso":{"sessionId":`,
    );
  });
});

describe('the access token of s360', () => {
  test('is unpadded base64url in all three segments', async ({ world }) => {
    for (const nameEn of ['a', 'ab', 'abc', 'ÿ?>~~~¿ÿÿ', 'جاح']) {
      const claims = JSON.stringify({ user: { nameEn }, app: {}, sso: { externalSystemId: 'x' } });
      const held = await world.open(s360, { claims });
      const token = await refresh(world, held);
      expect(token).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/);
      expect(JSON.parse(payloadOf(token)).context.user).toEqual({ nameEn });
    }
  });

  test('is signed by the signing key, as the relying parties verify it', async ({ world }) => {
    const token = await refresh(world, await world.open(s360, sampleSession));
    const { payload } = await verified(token, material.signing ?? '', noon);
    expect(payload).toMatchObject({ iss: 'IID-IDPServices', sub: 'chatbot', aud: 'SSO' });
    await expect(verified(token, material.root, noon)).rejects.toThrow(/signature/);
  });

  test('is signed by the current key where there is a previous one', async ({ world }) => {
    const held = await world.open(s360, sampleSession);
    const signing = 'the-next-signing-key-0123456789abcdefghijklmnopqrstuvwxyz';
    const { signing: previousSigning = '' } = material;
    world.keys = ({ name }) => deriveKeys(name, { ...material, signing, previousSigning });
    const token = await refresh(world, held);
    await verified(token, signing, noon);
    await expect(verified(token, previousSigning, noon)).rejects.toThrow(/signature/);
  });

  test('begins now and ends with the session: idle limit or lifetime, whichever is first', async ({
    world,
  }) => {
    const held = await world.open(s360, sampleSession);
    const lifetime = 43_200;
    for (let at = 0; at < lifetime; at += 1799) {
      world.now = later(noon, at);
      const { payload } = await verified(
        await refresh(world, held),
        material.signing ?? '',
        world.now,
      );
      const exp = noon + Math.min(at + 1800, lifetime);
      expect(payload).toMatchObject({ iat: world.now, exp });
      expect(await world.row(s360, held.sessionId)).toMatchObject({ endsAt: noon + lifetime });
    }
  });

  test('names its session, and as sub the external system, never the person', async ({ world }) => {
    const sso = { externalSystemId: 'a "b" \\ ش', authorityType: 'OTHER' };
    const claims = JSON.stringify({ user: {}, app: {}, sso });
    const held = await world.open(s360, { subject: 'the-person-601804', claims });
    const token = await refresh(world, held);
    expect(JSON.parse(payloadOf(token))).toMatchObject({
      sub: sso.externalSystemId,
      context: { sso: { ...sso, sessionId: held.sessionId } },
    });
    expect(payloadOf(token)).not.toContain('the-person-601804');
  });

  test('has the authorityType SELF where none was given', async ({ world }) => {
    const claims = '{"user":{},"app":{},"sso":{"externalSystemId":"chatbot"}}';
    const token = await refresh(world, await world.open(s360, { claims }));
    expect(payloadOf(token)).toContain('"externalSystemId":"chatbot","authorityType":"SELF",');
  });
});

describe('sessionTokenEncrypted', () => {
  test('decrypts to the sessionToken that was presented, and is new every time', async ({
    world,
  }) => {
    const held = await world.open(s360, sampleSession);
    const tokens = [held.accessToken, await refresh(world, held), await refresh(world, held)];
    expect(tokens.map(decrypted)).toEqual(Array(3).fill(held.sessionToken));
    const nonces = tokens.map((token) => Buffer.from(encryptedIn(token), 'base64'));
    expect(new Set(nonces.map((bytes) => bytes.toString('hex', 0, 12)))).toHaveProperty('size', 3);
  });

  test("is standard base64 of 48 bytes, as the document's is, for 20 characters", async ({
    world,
  }) => {
    for (const at of Array(8).keys()) {
      const secret = `twenty-characters--${at}`;
      const encrypted = encryptedIn(await refresh(world, await world.open(s360, { secret })));
      expect(encrypted).toMatch(/^[A-Za-z0-9+/]{64}$/);
      expect(Buffer.from(encrypted, 'base64')).toHaveLength(48);
    }
  });

  test('is the one place where a sessionToken leaves a trace', async ({ world }) => {
    const held = await world.open(s360, sampleSession);
    const token = await refresh(world, held);
    const { sessionToken } = held;
    expect(payloadOf(token)).not.toContain(sessionToken);
    const items = await world.items();
    expect(items).toHaveLength(1);
    expect(JSON.stringify(items)).not.toContain(sessionToken);
    expect(JSON.stringify(world.records)).not.toContain(sessionToken);
    expect(JSON.stringify(world.records)).not.toContain(token);
    expect(world.records).toHaveLength(1);
  });
});

describe('open s360', () => {
  test('gives what the client holds, and finds it by its subject', async ({ world }) => {
    const held = await world.open(s360, sampleSession);
    const { sessionId, subject } = sampleSession;
    expect(Object.keys(held)).toEqual([
      'contract',
      'sessionId',
      'sessionToken',
      'accessToken',
      'expiresIn',
      'expiresAt',
    ]);
    expect(held).toMatchObject({ contract: 's360', sessionId, expiresAt: noon + 1800 });
    const found = await world.run('list', { contract: 's360', subject });
    expect(found).toMatchObject({ outcome: 'done', result: { sessions: [{ sessionId }] } });
  });

  test.for([
    { what: 'no user', claims: '{"app":{},"sso":{"externalSystemId":"x"}}' },
    { what: 'no app', claims: '{"user":{},"sso":{"externalSystemId":"x"}}' },
    { what: 'no sso', claims: '{"user":{},"app":{}}' },
    {
      what: 'a fourth member',
      claims: '{"user":{},"app":{},"sso":{"externalSystemId":"x"},"a":1}',
    },
    { what: 'no externalSystemId', claims: '{"user":{},"app":{},"sso":{}}' },
    { what: 'an empty one', claims: '{"user":{},"app":{},"sso":{"externalSystemId":""}}' },
    { what: 'a number for one', claims: '{"user":{},"app":{},"sso":{"externalSystemId":7}}' },
    {
      what: 'a sessionId of its own',
      claims: '{"user":{},"app":{},"sso":{"externalSystemId":"x","sessionId":"other"}}',
    },
    {
      what: 'an authorityType of null',
      claims: '{"user":{},"app":{},"sso":{"externalSystemId":"x","authorityType":null}}',
    },
    { what: 'an array for user', claims: '{"user":[],"app":{},"sso":{"externalSystemId":"x"}}' },
    { what: 'text that is not JSON', claims: '{"user":{},"app":{},"sso":{}' },
  ])('refuses claims with $what, and opens nothing', async ({ claims }, { world }) => {
    world.requests.length = 0;
    const answer = await world.run('open', { contract: 's360', claims });
    expect(answer.outcome).toBe('invalid');
    expect(world.requests).toEqual([]);
  });

  test('refuses an anonymous session: it begins with the sign-in', async ({ world }) => {
    const answer = await world.run('open', { contract: 's360', anonymous: true });
    expect(answer.outcome).toBe('invalid');
  });
});
