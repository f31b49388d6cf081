import { describe, expect, test } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { response } from '../../../functions/core/lambda/response.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { context } from '../../../local/proxy-event.ts';
import { documented, undocumented } from '../../support/documented.ts';
import { apiGatewayEvent, test as inWorld } from '../../support/world.ts';

const id = '51368f50-4a67-42d4-803c-ddc80c0be491';

function refusal(reason: 'revoked' | 'over-rate' | 'unavailable') {
  const reply = response(s360.refuse(reason, id), { gateway: id, client: 'refresh-7' });
  const { statusCode: status, headers = {}, body: text } = reply;
  return { status, headers, text };
}

const revoked = refusal('revoked');
const text = (from: string | RegExp, to: string) => ({ text: revoked.text.replace(from, to) });
const header = (name: string, value: unknown, { headers, ...answer } = revoked) => ({
  ...answer,
  headers: { ...headers, [name]: value },
});
const ofType = (type: string) => header('Content-Type', type);

describe('an answer that is not documented', () => {
  test.for([
    { what: 'another status', change: { status: 402 } },
    { what: "another status's code", change: { ...refusal('unavailable'), status: 504 } },
    { what: 'a code that is none', change: text('E0004', 'E0005') },
    { what: 'another text', change: text('User', 'user') },
    { what: 'a member more', change: text('{', '{"data":{},') },
    { what: 'a member less', change: text(/"esbUUID":"[^"]+",/, '') },
    { what: 'an id that is none', change: text(id, 'an id') },
    { what: 'no body', change: { text: '' } },
    { what: 'a header more', change: header('Set-Cookie', 'a') },
    { what: 'a header less', change: header('Cache-Control', undefined) },
    { what: 'another value of a header', change: header('Cache-Control', 'no-cache') },
    { what: 'a text for a number', change: header('Retry-After', 'soon', refusal('over-rate')) },
    { what: 'no type', change: header('Content-Type', undefined) },
    { what: 'another type', change: ofType('text/html') },
    { what: 'another charset', change: ofType('application/json; charset=latin1') },
  ])('has $what', ({ change }) => {
    for (const reason of ['revoked', 'over-rate', 'unavailable'] as const)
      expect(undocumented(s360, refusal(reason))).toBeUndefined();
    expect(undocumented(s360, { ...revoked, ...change })).toBeTypeOf('string');
  });

  inWorld.for([
    { what: 'lacks a claim', contract: s360, from: /,"exp":\d+/, to: '', wrong: "'exp'" },
    {
      what: 'has a claim of another type',
      contract: ccstore,
      from: /"exp":(\d+)/,
      to: '"exp":"$1"',
      wrong: '/exp"',
    },
  ])('has a token that $what', async ({ contract, from, to, wrong }, { world }) => {
    const { accessToken, sessionId, sessionToken } = await world.open(contract);
    const { status, headers, text } = await world.post(contract, {
      headers: { Authorization: `Bearer ${accessToken}` },
      body: JSON.stringify({ sessionId, sessionToken }),
    });
    const other = text.replace(/(?<=[\w=]\.)([\w+/=-]+)(?=\.)/, (payload) => {
      const spoilt = Buffer.from(payload, 'base64').toString().replace(from, to);
      return Buffer.from(spoilt).toString(contract === s360 ? 'base64url' : 'base64');
    });
    expect(undocumented(contract, { status, headers, text })).toBeUndefined();
    expect(undocumented(contract, { status, headers, text: other })).toContain(wrong);
  });

  test('makes a Lambda throw, and one that is leaves it alone', async () => {
    const answer = response(eos.refuse('revoked', id), { gateway: id, client: id });
    const event = apiGatewayEvent(eos, {});
    expect(await documented(eos, async () => answer)(event, context(id))).toBe(answer);
    const other = documented(eos, async () => ({ ...answer, body: '{}' }));
    await expect(other(event, context(id))).rejects.toThrow(/^eos answers 403 \{\}: .*required/);
  });
});
