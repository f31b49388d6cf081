import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { badAuthorizations } from '../support/bad-authorization.ts';
import { badBodies, badValues, id, secret } from '../support/bad-input.ts';
import { answerTo } from '../support/openapi.ts';
import { bearer, signed, tokenTimes, type Way, ways } from '../support/ways.ts';
import { test, type WireCall, type World } from '../support/world.ts';

type Reason = 'malformed-request' | 'wrong-secret' | 'too-large';

const requestId = 'a3f1c8de-5d0b-4c0e-9d3e-0f6b2f5f7c11';
const headersOfAll = {
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Request-Id': requestId,
};

const invalidSession = {
  en: 'Session ID and/or sessionToken is invalid',
  code: 'ESB-IDP-E0003',
};

/** What three documents, or their files, say to bad input; another contract is held to its own. */
const words: Record<string, Record<Reason, { status: number; json: object }>> = {
  eos: {
    'malformed-request': { status: 403, json: { message: 'Invalid credential', code: '3-2' } },
    'wrong-secret': { status: 403, json: { message: 'Invalid credential', code: '3-2' } },
    'too-large': { status: 413, json: { code: '9-5' } },
  },
  s360: {
    'malformed-request': { status: 401, json: { status: 401, desc: invalidSession } },
    'wrong-secret': { status: 401, json: { status: 401, desc: invalidSession } },
    'too-large': { status: 413, json: { status: 413, desc: { code: 'ESB-IDP-E0413' } } },
  },
  ccstore: {
    'malformed-request': { status: 401, json: { status: '401', errorCode: '90001' } },
    'wrong-secret': { status: 401, json: { status: '401', errorCode: '90002' } },
    'too-large': { status: 413, json: { status: '413', errorCode: '90413' } },
  },
};

for (const way of ways) {
  const { contract } = way;
  const values = badValues.filter(
    ({ typed, value }) =>
      (way.typed || !typed) && !(way.numbersAsText && typeof value(id) === 'number'),
  );

  describe(`POST ${contract.path}, ${way.what}`, () => {
    test.for(values)('refuses a session id that is $what', async ({ what, value }, { world }) => {
      const bad = value(id);
      const sent = way.send(world, bad, secret);
      const requests = await refuses(world, contract, sent, reasonOf(way, what));
      expect(requests).toHaveLength(isSessionId(bad) ? 1 : 0);
    });

    test.for(values)('refuses a secret that is $what', async ({ what, value }, { world }) => {
      const bad = value(secret);
      const reason = reasonOf(way, what);
      const requests = await refuses(world, contract, way.send(world, id, bad), reason);
      const readable = isText(bad) && reason !== 'too-large';
      expect(requests.length).toBeLessThanOrEqual(readable ? 1 : 0);
    });
  });
}

for (const contract of contracts.filter(({ body }) => body !== 'none'))
  describe(`POST ${contract.path}`, () => {
    const taken = badBodies.filter(({ takenAs }) => takenAs === contract.body);

    test.for(badBodies.filter((row) => !taken.includes(row)))(
      'refuses $what',
      async ({ reason, ...call }, { world }) => {
        const answered = reason ?? 'malformed-request';
        expect(await refuses(world, contract, call, answered)).toEqual([]);
      },
    );

    for (const { what, ...call } of taken)
      test(`takes ${what}`, async ({ world }) => {
        await world.open(contract, { sessionId: id, secret });
        expect((await world.post(contract, call)).status).toBe(200);
      });
  });

describe(`POST ${ccstore.path}`, () => {
  test.for(badBodies)('looks at the token alone beside $what', async (call, { world }) => {
    const { accessToken } = await world.open(ccstore, { sessionId: id, secret });
    const headers = { ...call.headers, ...bearer(accessToken).headers };
    expect((await world.post(ccstore, { ...call, headers })).status).toBe(200);
    expect((await world.post(ccstore, call)).json.errorCode).toBe('90001');
  });

  test.for(badAuthorizations)('refuses $what', async ({ reason, header }, { world }) => {
    const token = signed(world, { ...tokenTimes(world), sid: id, sec: secret });
    const sent = { headers: { Authorization: header(token, world) } };
    expect(await refuses(world, ccstore, sent, reason)).toEqual([]);
  });
});

/** Expects the contract's own words, and a session none the wiser; gives the storage requests. */
async function refuses(
  world: World,
  contract: Contract,
  sent: WireCall,
  reason: Reason,
): Promise<readonly string[]> {
  await world.open(contract, { sessionId: id, secret });
  const before = await world.row(contract, id);
  world.requests.length = 0;
  const answer = await world.post(contract, { ...sent, requestId });
  const requests = [...world.requests];

  const { status: documented, value } = answerTo(contract, reason);
  const inDocument = { status: documented, json: value };
  expect(answer).toMatchObject(words[contract.name]?.[reason] ?? inDocument);
  // To the byte what the contract says to everyone: nothing of the input is in it.
  const { status, body, headers } = contract.refuse(reason, requestId);
  const all = { ...headersOfAll, ...headers };
  expect(answer).toEqual({ status, headers: all, text: body, json: JSON.parse(body) });
  const recorded = JSON.stringify(world.records);
  for (const sensitive of [id, secret]) expect(recorded).not.toContain(sensitive);

  expect(await world.row(contract, id)).toEqual(before);
  for (const way of ways.filter((one) => one.contract === contract))
    expect((await world.post(contract, way.send(world, id, secret))).status).toBe(200);
  return requests;
}

/** A bound on bodies is all that is judged before what they hold. */
function reasonOf({ inBody }: Way, what: string): Reason {
  return inBody && what === '1 MB' ? 'too-large' : 'wrong-secret';
}

function isSessionId(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.isWellFormed();
}
