import { createSecretKey } from 'node:crypto';
import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { signPaddedJwt } from '../../../functions/core/keys/padded-jwt.ts';
import { later } from '../../../functions/core/time.ts';
import { bearer, signed, tokenTimes, type Way, ways } from '../../support/ways.ts';
import { noon, onBothEngines, type StoredWorld, test, type World } from '../../support/world.ts';

interface Row {
  readonly what: string;
  /** What the record says: the case is the one it is called. */
  readonly outcome: string;
  readonly id?: string;
  readonly secret?: string;
  readonly revoked?: boolean;
  readonly seconds?: number;
}

const sessionId = 'mine';
const secret = 'right';

for (const way of ways)
  describe(`POST ${way.contract.path}, ${way.what}`, () => {
    test.for(rowsOf(way))('takes one storage request for $what', async (row, { world }) => {
      await world.open(way.contract, { sessionId, secret });
      const sent = way.send(world, row.id ?? sessionId, row.secret ?? secret);
      if (row.revoked) await world.run('revoke', { contract: way.contract.serves, sessionId });
      world.now = later(noon, row.seconds ?? 0);
      world.requests.length = 0;
      await world.post(way.contract, sent);
      expect(world.requests).toEqual([storageRequest(way)]);
      expect(world.records.at(-1)?.outcome).toBe(row.outcome);
    });

    if (way.contract.opening.anonymous)
      test('takes one storage request for an anonymous session', async ({ world }) => {
        await world.open(way.contract, { sessionId, anonymous: true });
        world.requests.length = 0;
        await world.post(way.contract, way.send(world, sessionId, secret));
        expect(world.requests).toEqual([storageRequest(way)]);
        expect(world.records.at(-1)?.outcome).toBe('not-logged-in');
      });

    test.for([
      { what: 'no session id', id: undefined, proof: secret },
      { what: 'no secret', id: sessionId, proof: undefined },
      { what: 'neither', id: undefined, proof: undefined },
      { what: 'a session id outside the grammar', id: `${sessionId}!`, proof: secret },
    ])('takes no storage request for $what', async ({ id, proof }, { world }) => {
      await world.open(way.contract, { sessionId, secret });
      world.requests.length = 0;
      const { status } = await world.post(way.contract, way.send(world, id, proof));
      expect([401, 403]).toContain(status);
      expect(world.requests).toEqual([]);
    });
  });

describe(`POST ${ccstore.path}`, () => {
  test.for([
    { what: 'no token', call: () => ({}) },
    { what: 'no signed token', call: () => bearer('forged') },
    { what: 'a token that another key signed', call: (world: World) => bearer(forged(world)) },
  ])('takes no storage request for $what', async ({ call }, { world }) => {
    await world.open(ccstore, { sessionId, secret });
    world.requests.length = 0;
    expect((await world.post(ccstore, call(world))).status).toBe(401);
    expect(world.requests).toEqual([]);
  });
});

/** Every way in which a well-formed request can end, at each policy's own times. */
function rowsOf({ contract }: Way): readonly Row[] {
  const idle = contract.serves === 'ccstore' ? 930 : 30 * 60;
  const lifetime = (contract.serves === 'ccstore' ? 24 : 12) * 60 * 60;
  const other = 'other';
  return [
    { what: 'a refresh', outcome: 'refreshed' },
    { what: 'a refresh at the last second', outcome: 'refreshed', seconds: idle - 1 },
    { what: "a refresh by a clock behind the row's", outcome: 'refreshed', seconds: -60 },
    { what: 'an unknown session', outcome: 'unknown-session', id: other },
    { what: 'a wrong secret', outcome: 'wrong-secret', secret: other },
    { what: 'a revoked session', outcome: 'revoked', revoked: true },
    {
      what: 'a wrong secret of a revoked session',
      outcome: 'wrong-secret',
      secret: other,
      revoked: true,
    },
    { what: 'an idle session', outcome: 'idle-too-long', seconds: idle },
    { what: 'a session that is over', outcome: 'lifetime-over', seconds: lifetime },
  ];
}

function storageRequest({ contract }: Way): string {
  return contract.serves === 'ccstore' ? 'GetItemCommand' : 'UpdateItemCommand';
}

function forged(world: World): string {
  const key = createSecretKey('signing-of-someone-else-0123456789', 'utf8');
  const payload = { ...tokenTimes(world), sid: sessionId, sec: secret };
  return signPaddedJwt(JSON.stringify(payload), key);
}

/** Of one length with the right ones, so that lengths on the wire can be compared too. */
const otherId = 'none';
const wrong = 'wrong';
const requestId = '3b0e2c6a-7d0f-4f0c-9c0b-6f2f3f1f0a11';

/** Whose secret is wrong: he must see in no way what became of the session, or that there is one. */
const sessions = [
  { what: 'a live session', revoked: false, seconds: 0 },
  { what: 'a revoked session', revoked: true, seconds: 0 },
  { what: 'an idle session', revoked: false, seconds: 30 * 60 },
  { what: 'a session that is over', revoked: false, seconds: 24 * 60 * 60 },
];

for (const way of ways)
  onBothEngines(`POST ${way.contract.path}, ${way.what}`, (test) => {
    test.for(sessions)(
      'answers a wrong secret of $what as an unknown session, byte for byte, by the same request',
      async ({ revoked, seconds }, { world }) => {
        const { contract } = way;
        const seen = watch(world);
        await world.open(contract, { sessionId, secret });
        if (revoked) await world.run('revoke', { contract: contract.serves, sessionId });
        world.now = later(noon, seconds);

        const unknown = await refused(world, way, otherId, seen);
        const known = await refused(world, way, sessionId, seen);

        expect(known.answer).toEqual(unknown.answer);
        expect(known.sent).toEqual(unknown.sent);
        expect(known.sent).toHaveLength(1);
        expect(world.records.slice(-2).map(({ outcome }) => outcome)).toEqual([
          'unknown-session',
          'wrong-secret',
        ]);
      },
    );

    if (way.contract.opening.anonymous)
      test('answers a secret of an anonymous session as an unknown session', async ({ world }) => {
        const seen = watch(world);
        await world.open(way.contract, { sessionId, anonymous: true });
        const unknown = await refused(world, way, otherId, seen);
        expect(await refused(world, way, sessionId, seen)).toEqual(unknown);
        expect(world.records.at(-1)?.outcome).toBe('not-logged-in');
      });

    if (way.contract.serves === 'ccstore')
      test('reads the row strongly consistent, known or unknown', async ({ world }) => {
        const seen = watch(world);
        await world.open(way.contract, { sessionId, secret });
        for (const id of [sessionId, otherId]) {
          const { sent } = await refused(world, way, id, seen);
          expect(sent[0]?.body).toMatchObject({ ConsistentRead: true });
        }
      });
  });

describe(`POST ${ccstore.path}`, () => {
  test('answers a signature the same however much of it is right, and asks nothing', async ({
    world,
  }) => {
    await world.open(ccstore, { sessionId, secret });
    const token = signed(world, { ...tokenTimes(world), sid: sessionId, sec: secret });
    const right = Buffer.from(token.split('.')[2] ?? '', 'base64');
    const unsigned = token.slice(0, token.lastIndexOf('.') + 1);
    const answerTo = (signature: Buffer) =>
      world.post(ccstore, { ...bearer(unsigned + signature.toString('base64')), requestId });
    const flipped = Buffer.from(right.map((byte) => byte ^ 0xff));

    const refusal = await answerTo(flipped);
    expect(refusal).toMatchObject({ status: 401, json: { errorCode: '90002' } });
    world.requests.length = 0;
    for (let bytes = 0; bytes < right.length; bytes += 1) {
      const beginning = right.subarray(0, bytes);
      expect(await answerTo(beginning)).toEqual(refusal);
      const rest = flipped.subarray(bytes);
      expect(await answerTo(Buffer.concat([beginning, rest]))).toEqual(refusal);
    }
    expect(await answerTo(Buffer.concat([right, right]))).toEqual(refusal);
    expect(world.requests).toEqual([]);
    expect((await answerTo(right)).status).toBe(200);
  });
});

/** One storage request as it leaves: its operation and its body, the names of the row blotted out. */
interface Sent {
  readonly operation: string;
  readonly bytes: number;
  readonly body: Record<string, unknown>;
}

/** A request as the SDK sends it. */
interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Sees every request to storage as it goes over the wire, retries and all. */
function watch({ client }: StoredWorld): Sent[] {
  const seen: Sent[] = [];
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers, body } = args.request as Request;
      const text = new TextDecoder().decode(body);
      const { Key, ExpressionAttributeValues, ...rest } = JSON.parse(text);
      const { ':digest': digest, ...values } = ExpressionAttributeValues ?? {};
      const blotted = { Key: Object.keys(Key ?? {}), digest: digest?.S.length, values };
      seen.push({
        operation: String(headers['x-amz-target']),
        bytes: body.length,
        body: { ...rest, ...blotted },
      });
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  return seen;
}

/** The answer to a wrong secret of that session, and what it took. */
async function refused(world: World, way: Way, id: string, seen: Sent[]) {
  seen.length = 0;
  const call = way.send(world, id, wrong);
  const answer = await world.post(way.contract, { ...call, requestId });
  return { answer, sent: [...seen] };
}
