import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { describe, expect } from 'vitest';
import { deriveKeys } from '../../../functions/core/keys/keys.ts';
import { later } from '../../../functions/core/time.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { reasons } from '../../support/openapi.ts';
import {
  type Held,
  material,
  noon,
  test,
  type WireAnswer,
  type WireCall,
  type World,
} from '../../support/world.ts';
import { payloadOf } from '../ccstore/tokens.ts';
import { sampleBody, sampleEncrypted, sampleSession, sampleUuid } from './document.ts';

const headers = { 'Content-Type': 'application/json' };

/** The document's sample request, its body with what the session's client holds. */
function bodyOf({ sessionToken, sessionId }: Held): string {
  return sampleBody
    .replace('"sessionToken": ""', `"sessionToken": ${JSON.stringify(sessionToken)}`)
    .replace('{{sessionId}}', sessionId);
}

/** Posts the sample request of a session. `call` replaces parts of it. */
function refresh(world: World, held: Held, call?: WireCall): Promise<WireAnswer> {
  return world.post(s360, { headers, body: bodyOf(held), requestId: sampleUuid, ...call });
}

describe('POST /idp/sso/v1/refresh', () => {
  test("has API Gateway's request id as esbUUID, whatever the client calls its own", async ({
    world,
  }) => {
    const held = await world.open(s360);
    const call = { headers: { ...headers, 'X-Request-Id': 'my-own' } };
    const { json, headers: answered } = await refresh(world, held, call);
    expect([json.esbUUID, answered['X-Request-Id']]).toEqual([sampleUuid, 'my-own']);
    // If that id is not valid, both answers get a new UUID.
    const granted = await refresh(world, held, { requestId: 'support-please' });
    const refused = await refresh(world, held, { requestId: 'support-please', body: null });
    const ids = [granted, refused].map(({ json: { esbUUID } }) => esbUUID);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  test("refuses the document's sample as it is printed, its sessionToken empty, and a query", async ({
    world,
  }) => {
    const held = await world.open(s360, sampleSession);
    const query = { sessionId: [held.sessionId], sessionToken: [held.sessionToken] };
    for (const body of [sampleBody, sampleBody.replace('{{sessionId}}', held.sessionId)])
      expect((await refresh(world, held, { body, query })).json.desc.code).toBe('ESB-IDP-E0003');
  });
});

// To the byte, every answer is an example of the document: test/wire/all/documents.test.ts.
test('s360.refuse names the error as the gateway before it did', () => {
  const named = reasons.flatMap((reason) => {
    const code = s360.refuse(reason, sampleUuid).headers?.['X-Mashery-Error-Code'];
    return code ? [[reason, code]] : [];
  });
  expect(Object.fromEntries(named)).toEqual({
    'unknown-client': 'ERR_403_DEVELOPER_INACTIVE',
    'over-rate': 'ERR_403_DEVELOPER_OVER_QPS',
    'over-quota': 'ERR_403_DEVELOPER_OVER_RATE',
    'timed-out': 'ERR_504_GATEWAY_TIMEOUT',
  });
});

/** The access token that a refresh answers. */
async function tokenOf(world: World, held: Held): Promise<string> {
  return (await refresh(world, held)).json.data.accessToken;
}

const { signing = '' } = material;

/** The sessionToken that is encrypted in a token, decrypted with the root secret. */
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

function verified(token: string, key: string, now: number) {
  const currentDate = new Date(now * 1000);
  return jwtVerify(token, new TextEncoder().encode(key), { algorithms: ['HS256'], currentDate });
}

// That it is the document's, byte for byte, is in test/wire/all/examples.test.ts.
describe('the access token of s360', () => {
  test('gives claims back as they were opened, whatever a parser would make of them', async ({
    world,
  }) => {
    const user = '{"selfProfile":[{"b":1,"10":1,"2":2,"profileId":98765432109876543210,"n":1.0}]}';
    const app = '{"iidParams":{"ar":"\\u0646جاح","__proto__":{"x":null},"e":""}}';
    const claims = `{"app": ${app}, "sso": {"externalSystemId": "chatbot"}, "user": ${user} }`;
    const held = await world.open(s360, { claims });
    await tokenOf(world, held);
    expect(payloadOf(await tokenOf(world, held))).toContain(
      `"context":{"user":${user},"app":${app},"sso":{"sessionId":"${held.sessionId}","externalSystemId":"chatbot","authorityType":"SELF",`,
    );
  });

  test('is signed by the current key where there is a previous one', async ({ world }) => {
    const held = await world.open(s360, sampleSession);
    const next = 'the-next-signing-key-0123456789abcdefghijklmnopqrstuvwxyz';
    world.keys = ({ name }) =>
      deriveKeys(name, { ...material, signing: next, previousSigning: signing });
    const token = await tokenOf(world, held);
    await verified(token, next, noon);
    await expect(verified(token, signing, noon)).rejects.toThrow(/signature/);
  });

  test('begins now and ends with the session: idle limit or lifetime, whichever is first', async ({
    world,
  }) => {
    const held = await world.open(s360, sampleSession);
    const lifetime = 43_200;
    for (let at = 0; at < lifetime; at += 1799) {
      world.now = later(noon, at);
      const { payload } = await verified(await tokenOf(world, held), signing, world.now);
      expect(payload).toMatchObject({ iat: world.now, exp: noon + Math.min(at + 1800, lifetime) });
      expect(await world.row(s360, held.sessionId)).toMatchObject({ endsAt: noon + lifetime });
    }
  });

  test('names its session, and as sub the external system, never the person', async ({ world }) => {
    const sso = { externalSystemId: 'a "b" \\ ش', authorityType: 'OTHER' };
    const claims = JSON.stringify({ user: {}, app: {}, sso });
    const held = await world.open(s360, { subject: 'the-person-601804', claims });
    const token = await tokenOf(world, held);
    expect(JSON.parse(payloadOf(token))).toMatchObject({
      sub: sso.externalSystemId,
      context: { sso: { ...sso, sessionId: held.sessionId } },
    });
    expect(payloadOf(token)).not.toContain('the-person-601804');
  });
});

describe('sessionTokenEncrypted', () => {
  test('decrypts to the sessionToken that was presented, and is new every time', async ({
    world,
  }) => {
    const held = await world.open(s360, sampleSession);
    const tokens = [held.accessToken, await tokenOf(world, held), await tokenOf(world, held)];
    expect(tokens.map(decrypted)).toEqual(Array(3).fill(held.sessionToken));
    expect(new Set(tokens.map((token) => encryptedIn(token).slice(0, 16))).size).toBe(3);
    for (const token of tokens) expect(payloadOf(token)).not.toContain(held.sessionToken);
  });

  test("is as long as the document's for 20 characters, in its alphabet", async ({ world }) => {
    for (const at of Array(8).keys()) {
      const secret = `twenty-characters--${at}`;
      const encrypted = encryptedIn(await tokenOf(world, await world.open(s360, { secret })));
      expect(encrypted).toMatch(/^[A-Za-z0-9+/]{64}$/);
      expect(encrypted).toHaveLength(sampleEncrypted.length);
    }
  });
});
