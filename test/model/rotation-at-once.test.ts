import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Contract } from '../../functions/core/edge/contract.ts';
import { epochSeconds } from '../../functions/core/time.ts';
import { type Client, ccstoreClient, eosClient } from '../session/clients.ts';
import { type Held, onBothEngines, type World } from '../support/world.ts';
import { secretIn } from './wire.ts';

/** The clients of a contract whose wire has a place for a new secret, and what they then hold. */
const clients: readonly Client[] = [
  { ...eosClient, next: (held, { json }) => ({ ...held, secureCode: json.secureCode }) },
  ccstoreClient,
];

onBothEngines('a session whose secret is replaced', (test) => {
  test.for(clients)(
    'gives 50 who ask at once the same: $what',
    async ({ contract, call, next }, { world }) => {
      let held = await begin(world, contract);
      for (const generation of [1, 2, 3]) {
        const before = await world.row(contract, held.sessionId);
        const answers = await atOnce(world, contract, Array(50).fill(call(held)));
        expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
        // To the byte: the secret, the token, and under one clock the time that is left.
        expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
        expect(world.requests).toEqual(Array(50).fill('UpdateItemCommand'));
        const row = await world.row(contract, held.sessionId);
        expect(row).toMatchObject({ generation, graceUntil: world.now + 60 });
        expect(row).toMatchObject({ endsAt: before?.endsAt, secret: before?.secret });

        // And so do 50 who come late, with the secret before as with this one.
        const [answer] = answers;
        if (!answer) throw new Error('somebody was answered');
        const newer = next(held, answer);
        world.now = epochSeconds(world.now + 59);
        const calls = Array.from({ length: 50 }, (_, nth) => call(nth % 2 ? held : newer));
        const late = await atOnce(world, contract, calls);
        expect(new Set(late.map((one) => secretIn(contract, one)))).toEqual(
          new Set([secretIn(contract, answer)]),
        );
        expect(new Set(late.map(({ text }) => text)).size).toBe(1);
        if (contract === ccstoreClient.contract)
          expect(late[0]?.json.access_token).toBe(answer.json.access_token);
        else expect(late[0]?.text).toBe(answer.text);
        expect(world.requests).toHaveLength(50);
        expect(await world.row(contract, held.sessionId)).toEqual(row);
        world.now = epochSeconds(world.now + 1);
        held = newer;
      }
    },
  );

  test.for(clients)(
    'answers nobody yes who asks after its revocation was answered: $what',
    async ({ contract, call, next, revoked }, { world }) => {
      for (const delay of [0, 1, 2, 5, 10]) {
        let ended = false;
        const opened = await begin(world, contract);
        const client = async () => {
          let held = opened;
          for (let turn = 0; turn < 12; turn++) {
            const after = ended;
            const answer = await world.post(contract, call(held));
            if (after) expect(answer).toMatchObject(revoked);
            if (answer.status === 200) held = next(held, answer);
            else expect(answer).toMatchObject(revoked);
          }
        };
        const revoke = async () => {
          for (let turn = 0; turn < delay; turn++) await world.row(contract, opened.sessionId);
          const input = { contract: contract.name, sessionId: opened.sessionId };
          expect(await world.run('revoke', input)).toMatchObject({ outcome: 'done' });
          ended = true;
        };
        await Promise.all([client(), client(), client(), revoke()]);
        expect(await world.post(contract, call(opened))).toMatchObject(revoked);
      }
    },
  );

  test.for(clients)(
    'dies once of two thieves at once, and no other of its subject: $what',
    async ({ contract, call, next, invalid, revoked }, { world }) => {
      const stolen = await begin(world, contract, 'p');
      const other = await begin(world, contract, 'p');
      let held = stolen;
      for (let turn = 0; turn < 3; turn++) {
        held = next(held, await world.post(contract, call(held)));
        world.now = epochSeconds(world.now + 60);
      }
      const before = await world.row(contract, stolen.sessionId);
      const thieves = [randomUUID(), randomUUID()];
      const calls = thieves.map((requestId) => ({ ...call(stolen), requestId }));
      const answers = await atOnce(world, contract, calls);
      expect(world.requests.length).toBeLessThanOrEqual(4);
      const outcomes = thieves.map(
        (id) => world.records.find(({ requestId }) => requestId === id)?.outcome,
      );
      // Whoever comes to the table second may find the session dead already.
      expect(outcomes).toContain('reused-secret');
      for (const [nth, answer] of answers.entries())
        expect(answer).toMatchObject(outcomes[nth] === 'revoked' ? revoked : invalid);
      expect(await world.row(contract, stolen.sessionId)).toEqual({
        ...before,
        revokedAt: world.now,
      });

      const died = world.now;
      world.now = epochSeconds(world.now + 5);
      for (const one of [held, stolen])
        expect(await world.post(contract, call(one))).toMatchObject(revoked);
      expect(await world.row(contract, stolen.sessionId)).toEqual({ ...before, revokedAt: died });
      expect((await world.post(contract, call(other))).status).toBe(200);
    },
  );
});

async function begin(world: World, contract: Contract, subject = 'p'): Promise<Held> {
  world.policies.set(contract.name, { ...contract.policy, rotation: { grace: 60 } });
  return world.open(contract, { subject });
}

/** Answers of requests that are all under way together; the requests for storage are theirs. */
async function atOnce(
  world: World,
  contract: Contract,
  calls: readonly Parameters<World['post']>[1][],
) {
  world.requests.length = 0;
  return Promise.all(calls.map((call) => world.post(contract, call)));
}
