import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { later } from '../../functions/core/time.ts';
import { bearer, signed, tokenTimes, type Way, ways } from '../support/ways.ts';
import {
  noon,
  onBothEngines,
  storedTest as test,
  type StoredWorld as World,
} from '../support/world.ts';

const sessionId = 'mine';
const secret = 'right';
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
        if (revoked) await world.run('revoke', { contract: contract.name, sessionId });
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

    if (way.contract === ccstore)
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
function watch({ client }: World): Sent[] {
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
