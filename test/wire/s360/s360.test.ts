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

/** Posts the document's sample request with what the client holds. `call` replaces parts of it. */
function refresh(world: World, held: Held, call?: WireCall): Promise<WireAnswer> {
  const { sessionToken, sessionId } = held;
  const body = sampleBody
    .replace('"sessionToken": ""', `"sessionToken": ${JSON.stringify(sessionToken)}`)
    .replace('{{sessionId}}', sessionId);
  const headers = { 'Content-Type': 'application/json' };
  return world.post(s360, { headers, body, requestId: sampleUuid, ...call });
}

describe('POST /idp/sso/v1/refresh', () => {
  // An id of API Gateway's that is no UUID is in test/unit/lambda/request.test.ts.
  test("has API Gateway's request id as esbUUID, whatever the client calls its own", async ({
    world,
  }) => {
    const held = await world.open(s360);
    const headers = { 'X-Request-Id': 'my-own' };
    for (const call of [{ headers }, { headers, body: null }])
      expect(await refresh(world, held, call)).toMatchObject({
        json: { esbUUID: sampleUuid },
        headers: { 'X-Request-Id': 'my-own' },
      });
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

function encryptedIn(token: string): string {
  return JSON.parse(payloadOf(token)).context.sso.sessionTokenEncrypted;
}

// That it is the document's, byte for byte, is in test/wire/all/examples.test.ts.
describe('the access token of s360', () => {
  test('gives claims back as they were opened, whatever a parser would make of them, and no subject', async ({
    world,
  }) => {
    const user = '{"selfProfile":[{"b":1,"10":1,"2":2,"profileId":98765432109876543210,"n":1.0}]}';
    const app = '{"iidParams":{"ar":"\\u0646جاح","__proto__":{"x":null},"e":""}}';
    const sub = '"a \\"b\\" \\\\ ش"';
    const sso = `"externalSystemId":${sub},"authorityType":"OTHER"`;
    const claims = `{"app": ${app}, "sso": {${sso}}, "user": ${user} }`;
    const held = await world.open(s360, { subject: 'the-person-601804', claims });
    const token = await tokenOf(world, held);
    const own = `"sessionId":"${held.sessionId}",${sso},"sessionTokenEncrypted":"${encryptedIn(token)}"`;
    const context = `{"user":${user},"app":${app},"sso":{${own}}}`;
    expect(payloadOf(token)).toBe(
      `{"iss":"IID-IDPServices","sub":${sub},"aud":"SSO","context":${context},"iat":${noon},"exp":${noon + 1800}}`,
    );
  });

  test('is signed by the current key, and ends with the session: idle limit or lifetime', async ({
    world,
  }) => {
    const held = await world.open(s360, sampleSession);
    const next = 'the-next-signing-key-0123456789abcdefghijklmnopqrstuvwxyz';
    const previousSigning = material.signing ?? '';
    world.keys = ({ name }) => deriveKeys(name, { ...material, signing: next, previousSigning });
    const lifetime = 43_200;
    for (let at = 0; at < lifetime; at += 1799) {
      world.now = later(noon, at);
      const currentDate = new Date(world.now * 1000);
      const token = await tokenOf(world, held);
      const { payload } = await jwtVerify(token, Buffer.from(next), { currentDate });
      expect(payload).toMatchObject({ iat: world.now, exp: noon + Math.min(at + 1800, lifetime) });
    }
  });

  test('has the sessionToken that was presented, encrypted anew every time as the document has it', async ({
    world,
  }) => {
    const held = await world.open(s360, { secret: 'twenty-characters-20' });
    const tokens = [held.accessToken, await tokenOf(world, held), await tokenOf(world, held)];
    const info = 'session-refresh/s360/encryption/v1';
    const key = Buffer.from(hkdfSync('sha256', material.root, '', info, 32));
    const row = `s360#${held.sessionId}`;
    const own = createHmac('sha256', key).update(row).digest();
    for (const token of tokens) {
      const encrypted = encryptedIn(token);
      expect(encrypted).toMatch(/^[A-Za-z0-9+/]{64}$/);
      expect(encrypted).toHaveLength(sampleEncrypted.length);
      const bytes = Buffer.from(encrypted, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', own, bytes.subarray(0, 12));
      decipher.setAAD(Buffer.from(row)).setAuthTag(bytes.subarray(-16));
      const text = decipher.update(bytes.subarray(12, -16), undefined, 'utf8');
      expect(text + decipher.final('utf8')).toBe(held.sessionToken);
    }
    expect(new Set(tokens.map((token) => encryptedIn(token).slice(0, 16))).size).toBe(3);
  });
});
