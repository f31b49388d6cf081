import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../../functions/ccstoreui/contract.ts';
import { contracts } from '../../../functions/contracts.ts';
import { epochSeconds, later } from '../../../functions/core/time.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { answerTo, operationOf, reasons } from '../../support/openapi.ts';
import { apiGatewayEvent, material, test } from '../../support/world.ts';
import { payloadOf, refresh as refreshCcstore } from '../ccstore/tokens.ts';
import { openSample, refresh as refreshEos, wholeRequest } from '../eos/document.ts';
import { sampleSession, sampleUuid } from '../s360/document.ts';
import { ownCall, situations, written } from './situations.ts';

const handled = contracts.flatMap((contract) =>
  reasons.flatMap((reason) => {
    const situation = situations[reason];
    // `ccstore` reads no body, so none is too large for its Lambda.
    const none = reason === 'too-large' && contract.body === 'none';
    return situation === 'gateway' || none
      ? []
      : [{ name: contract.name, contract, reason, situation }];
  }),
);

test.for(handled)(
  'the example of $reason of $name is answered so, byte for byte, by one storage request at most',
  async ({ contract, reason, situation }, { world }) => {
    const call = await situation(world, contract);
    world.requests.length = 0;
    const answer = await world.post(contract, { ...call, requestId: sampleUuid });
    expect(world.records.at(-1)?.outcome).toBe(reason);
    const { status, text } = answerTo(contract, reason);
    expect(answer).toMatchObject({ status, text });
    const unread = reason === 'malformed-request' || reason === 'too-large';
    const asked = typeof contract.policy.idle === 'number' ? 'UpdateItemCommand' : 'GetItemCommand';
    expect(world.requests).toEqual(unread ? [] : [asked]);
  },
);

describe('the example of a refresh', () => {
  test('of eos is answered so, in whole seconds', async ({ world }) => {
    const { expireTime, ...more } = answerTo(eos, 'refreshed').value as Record<string, unknown>;
    const { profile, mobilityApps } = more;
    const expires = epochSeconds(Number(expireTime) / 1000);
    world.now = later(expires, -30 * 60);
    await openSample(world, { claims: JSON.stringify({ profile, mobilityApps }) });
    const { status, text } = await refreshEos(world, wholeRequest);
    expect([status, text]).toEqual([200, JSON.stringify({ expireTime: expires * 1000, ...more })]);
  });

  test('of s360 is answered so, its token with the two claims that are chosen', async ({
    world,
  }) => {
    const { value } = answerTo(s360, 'refreshed');
    const { accessToken: printed } = (value as { data: { accessToken: string } }).data;
    const { sessionId, sessionToken } = await world.open(s360, sampleSession);
    const body = JSON.stringify({ sessionToken, sessionId });
    const { text, json } = await world.post(s360, { body, requestId: sampleUuid });
    // Encrypted anew every time; test/wire/s360/s360.test.ts decrypts it.
    const encrypted = (token: string) =>
      JSON.parse(payloadOf(token)).context.sso.sessionTokenEncrypted;
    const payload = payloadOf(printed)
      .replace(encrypted(printed), encrypted(json.data.accessToken))
      .replace(/\}$/, `,"iat":${world.now},"exp":${world.now + 30 * 60}}`);
    const accessToken = resigned(printed, payload, 'base64url');
    expect(text).toBe(JSON.stringify({ ...value, data: { accessToken } }));
  });

  test('of ccstore is answered so, its token with the two claims that are chosen', async ({
    world,
  }) => {
    const { value } = answerTo(ccstore, 'refreshed');
    const { access_token: printed } = value as { access_token: string };
    const { iat, sub: subject } = JSON.parse(payloadOf(printed));
    world.now = epochSeconds(iat);
    const own = { sessionId: 'A.session', secret: 'its-secret', subject };
    const { text } = await refreshCcstore(world, (await world.open(ccstore, own)).accessToken);
    const payload = payloadOf(printed).replace(/\}$/, ',"sid":"A.session","sec":"its-secret"}');
    const access_token = resigned(printed, payload, 'base64');
    expect(text).toBe(JSON.stringify({ ...value, access_token }));
  });
});

/** A token with the header of another and the tests' own signature. */
function resigned(printed: string, payload: string, alphabet: 'base64' | 'base64url'): string {
  const input = `${printed.split('.')[0]}.${Buffer.from(payload).toString(alphabet)}`;
  return `${input}.${createHmac('sha256', material.signing ?? '')
    .update(input)
    .digest(alphabet)}`;
}

describe.for(contracts)('the requests of $name', (contract) => {
  const { requestBody, parameters } = operationOf(contract);
  const bodies = Object.entries(requestBody.content).flatMap(([type, { examples }]) =>
    Object.entries(examples).map(([what, example]) => ({ type, what, example })),
  );
  /** The document's examples of its parameters, by where they are. */
  const examplesIn = (place: 'query' | 'header') =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map(({ name = '', example = '' }) => [name, example] as const);
  const own: Record<string, string> = Object.fromEntries(examplesIn('header'));
  const query = Object.fromEntries(examplesIn('query').map(([name, value]) => [name, [value]]));

  test.for(bodies)(
    'come to what they say, with every parameter or none: $what',
    async ({ type, example }, { world }) => {
      const { call } = await ownCall(world, contract);
      const headers = { ...call.headers, 'Content-Type': type };
      const body = written(type, example);
      const [outcome] = example['x-outcomes'];
      const bare = await world.post(contract, { headers, body });
      expect(bare.status === 200).toBe(outcome === 'refreshed');
      const whole = await world.post(contract, { headers: { ...headers, ...own }, query, body });
      expect(whole.headers['X-Request-Id']).toBe(own['X-Request-Id']);
      expect(world.records.map((record) => record.outcome)).toEqual([outcome, outcome]);
    },
  );

  test('have one that refreshes for every media type', () => {
    const good = bodies.filter(({ example }) => example['x-outcomes'].includes('refreshed'));
    const types = new Set(good.map(({ type }) => type));
    expect([...types]).toEqual(Object.keys(requestBody.content));
  });

  test('need no body where the document asks for none', async ({ world }) => {
    const { call } = await ownCall(world, contract);
    const { status } = await world.post(contract, { ...call, query, body: null });
    expect(status === 200).toBe(!requestBody.required);
  });
});

const name = 'the sample event of $name is as API Gateway makes it';
test.for([eos, s360, ccstore, ccstoreui])(name, (contract) => {
  const sample = JSON.parse(readFileSync(`events/${contract.name}.json`, 'utf8'));
  const { requestId } = sample.requestContext;
  const { requestContext, ...event } = apiGatewayEvent(contract, { ...sample, requestId });
  const identity = { sourceIp: '127.0.0.1', userAgent: 'sam' };
  const drawn = { extendedRequestId: 'local', requestTimeEpoch: 1768478400000, identity };
  expect(sample).toEqual({ ...event, requestContext: { ...requestContext, ...drawn } });
});
