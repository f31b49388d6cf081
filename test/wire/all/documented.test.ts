import { describe, expect, test } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { contracts } from '../../../functions/contracts.ts';
import { response as respond } from '../../../functions/core/lambda/response.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { context } from '../../../local/proxy-event.ts';
import { type AnyAnswer, documented, undocumented } from '../../support/documented.ts';
import { reasons } from '../../support/reasons.ts';
import { apiGatewayEvent, test as inWorld } from '../../support/world.ts';

const id = '51368f50-4a67-42d4-803c-ddc80c0be491';

/** What a Lambda answers with a refusal. */
function refusal(contract: (typeof contracts)[number], reason: (typeof reasons)[number]) {
  const {
    statusCode: status,
    headers = {},
    body: text,
  } = respond(contract.refuse(reason, id), {
    gateway: id,
    client: 'refresh-7',
  });
  return { status, headers, text };
}

const every = contracts.flatMap((contract) =>
  reasons.map((reason) => ({ name: contract.name, contract, reason })),
);

test.for(every)('the refusal of $reason by $name is documented', ({ contract, reason }) => {
  expect(undocumented(contract, refusal(contract, reason))).toBeUndefined();
});

const revoked = refusal(s360, 'revoked');
const throttled = refusal(s360, 'over-rate');

/** Answers that are nearly right. */
const wrong: readonly { what: string; answer: AnyAnswer; because: RegExp }[] = [
  { what: 'another status', answer: { ...revoked, status: 402 }, because: /status 402/ },
  {
    what: "another status's code",
    answer: { ...refusal(s360, 'unavailable'), status: 504 },
    because: /x-mashery-error-code is missing/i,
  },
  {
    what: 'a code that is none',
    answer: { ...revoked, text: revoked.text.replace('E0004', 'E0005') },
    because: /code must be equal to constant/,
  },
  {
    what: 'another text',
    answer: { ...revoked, text: revoked.text.replace('User', 'user') },
    because: /en must be equal to constant/,
  },
  {
    what: 'a member more',
    answer: { ...revoked, text: revoked.text.replace('{', '{"data":{},') },
    because: /must NOT have additional properties/,
  },
  {
    what: 'a member less',
    answer: { ...revoked, text: revoked.text.replace(/"esbUUID":"[^"]+",/, '') },
    because: /must have required property 'esbUUID'/,
  },
  {
    what: 'an id that is none',
    answer: { ...revoked, text: revoked.text.replace(id, 'an id') },
    because: /esbUUID must match pattern/,
  },
  {
    what: 'a header more',
    answer: { ...revoked, headers: { ...revoked.headers, 'Set-Cookie': 'a' } },
    because: /header Set-Cookie is not in the document/,
  },
  {
    what: 'a header less',
    answer: { ...revoked, headers: { ...revoked.headers, 'Cache-Control': undefined } },
    because: /header cache-control is missing/,
  },
  {
    what: 'another value of a header',
    answer: { ...throttled, headers: { ...throttled.headers, 'Retry-After': 'soon' } },
    because: /header retry-after is soon/,
  },
  {
    what: 'another type',
    answer: { ...revoked, headers: { ...revoked.headers, 'Content-Type': 'text/html' } },
    because: /content type text\/html/,
  },
  {
    what: 'another charset',
    answer: {
      ...revoked,
      headers: { ...revoked.headers, 'Content-Type': 'application/json; charset=latin1' },
    },
    because: /content type .*latin1/,
  },
];

test.for(wrong)('an answer with $what is not documented', ({ answer, because }) => {
  expect(undocumented(s360, answer)).toMatch(because);
});

describe('a token', () => {
  inWorld.for([
    {
      what: 'lacks a claim',
      contract: s360,
      spoil: (payload: string) => payload.replace(/,"exp":\d+/, ''),
      because: /token: .*required property 'exp'/,
    },
    {
      what: 'has a claim more',
      contract: s360,
      spoil: (payload: string) => payload.replace('{', '{"jti":"a",'),
      because: /token: .*additional properties/,
    },
    {
      what: 'has a claim of another type',
      contract: ccstore,
      spoil: (payload: string) => payload.replace(/"exp":(\d+)/, '"exp":"$1"'),
      because: /token: .*exp must be integer/,
    },
  ])(
    'of $contract.name that $what is not documented',
    async ({ contract, spoil, because }, { world }) => {
      const { accessToken, sessionId, sessionToken } = await world.open(contract);
      const { status, headers, text } = await world.post(contract, {
        headers: { Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ sessionId, sessionToken }),
      });
      const other = text.replace(/(?<=[\w=]\.)([\w+/=-]+)(?=\.)/, (payload) => {
        const spoilt = spoil(Buffer.from(payload, 'base64').toString());
        return Buffer.from(spoilt).toString(contract === s360 ? 'base64url' : 'base64');
      });
      expect(other).not.toBe(text);
      expect(undocumented(contract, { status, headers, text })).toBeUndefined();
      expect(undocumented(contract, { status, headers, text: other })).toMatch(because);
    },
  );
});

test('a Lambda whose answer is not documented throws, and one whose answer is gives it', async () => {
  const answer = respond(eos.refuse('revoked', id), { gateway: id, client: id });
  const event = apiGatewayEvent(eos, {});
  const right = documented(eos, async () => answer);
  expect(await right(event, context(id))).toBe(answer);
  const other = documented(eos, async () => ({ ...answer, body: '{}' }));
  await expect(other(event, context(id))).rejects.toThrow(/^eos answers 403 \{\}: .*required/);
});
