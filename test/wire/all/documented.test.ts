import { describe, expect, test } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { response } from '../../../functions/core/lambda/response.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { context } from '../../../local/proxy-event.ts';
import { type AnyAnswer, documented, undocumented } from '../../support/documented.ts';
import { apiGatewayEvent, test as inWorld } from '../../support/world.ts';

const id = '51368f50-4a67-42d4-803c-ddc80c0be491';
const ids = { gateway: id, client: 'refresh-7' };

function refusal(reason: 'revoked' | 'over-rate' | 'unavailable'): AnyAnswer {
  const { statusCode: status, headers = {}, body: text } = response(s360.refuse(reason, id), ids);
  return { status, headers, text };
}

const revoked = refusal('revoked');
const text = (from: string | RegExp, to: string) => ({ text: revoked.text.replace(from, to) });
const header = (name: string, value: unknown, { headers } = revoked) => ({
  headers: { ...headers, [name]: value },
});
const ofType = (type: string) => header('Content-Type', type);

/** What an answer that is documented has in the place of its own. */
const wrong: readonly { what: string; change: Partial<AnyAnswer>; because: RegExp }[] = [
  { what: 'another status', change: { status: 402 }, because: /status 402/ },
  {
    what: "another status's code",
    change: { ...refusal('unavailable'), status: 504 },
    because: /x-mashery-error-code is missing/i,
  },
  { what: 'a code that is none', change: text('E0004', 'E0005'), because: /code must be equal/ },
  { what: 'another text', change: text('User', 'user'), because: /en must be equal/ },
  { what: 'a member more', change: text('{', '{"data":{},'), because: /NOT have additional/ },
  {
    what: 'a member less',
    change: text(/"esbUUID":"[^"]+",/, ''),
    because: /must have required property 'esbUUID'/,
  },
  { what: 'an id that is none', change: text(id, 'an id'), because: /esbUUID must match pattern/ },
  { what: 'a header more', change: header('Set-Cookie', 'a'), because: /header set-cookie is not/ },
  {
    what: 'a header less',
    change: header('Cache-Control', undefined),
    because: /header cache-control is missing/,
  },
  {
    what: 'another value of a header',
    change: { ...refusal('over-rate'), ...header('Retry-After', 'soon', refusal('over-rate')) },
    because: /header retry-after is soon/,
  },
  { what: 'another type', change: ofType('text/html'), because: /content type text\/html/ },
  {
    what: 'another charset',
    change: ofType('application/json; charset=latin1'),
    because: /content type .*latin1/,
  },
];

describe('an answer that is not documented', () => {
  test.for(wrong)('has $what', ({ change, because }) => {
    expect(undocumented(s360, revoked)).toBeUndefined();
    expect(undocumented(s360, { ...revoked, ...change })).toMatch(because);
  });

  inWorld.for([
    {
      what: 'lacks a claim',
      contract: s360,
      spoil: (payload: string) => payload.replace(/,"exp":\d+/, ''),
      because: /token: .*required property 'exp'/,
    },
    {
      what: 'has a claim of another type',
      contract: ccstore,
      spoil: (payload: string) => payload.replace(/"exp":(\d+)/, '"exp":"$1"'),
      because: /token: .*exp must be integer/,
    },
  ])('has a token that $what', async ({ contract, spoil, because }, { world }) => {
    const { accessToken, sessionId, sessionToken } = await world.open(contract);
    const { status, headers, text } = await world.post(contract, {
      headers: { Authorization: `Bearer ${accessToken}` },
      body: JSON.stringify({ sessionId, sessionToken }),
    });
    const other = text.replace(/(?<=[\w=]\.)([\w+/=-]+)(?=\.)/, (payload) => {
      const spoilt = spoil(Buffer.from(payload, 'base64').toString());
      return Buffer.from(spoilt).toString(contract === s360 ? 'base64url' : 'base64');
    });
    expect(undocumented(contract, { status, headers, text })).toBeUndefined();
    expect(undocumented(contract, { status, headers, text: other })).toMatch(because);
  });

  test('makes a Lambda throw, and one that is leaves it alone', async () => {
    const answer = response(eos.refuse('revoked', id), ids);
    const event = apiGatewayEvent(eos, {});
    expect(await documented(eos, async () => answer)(event, context(id))).toBe(answer);
    const other = documented(eos, async () => ({ ...answer, body: '{}' }));
    await expect(other(event, context(id))).rejects.toThrow(/^eos answers 403 \{\}: .*required/);
  });
});
