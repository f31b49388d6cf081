import { expect } from 'vitest';
import { type EpochSeconds, later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { noon, onBothEngines } from '../support/world.ts';
import { clients, eosClient } from './clients.ts';
import { digestOf, itemOf, loggedIn, now, put, reading, rowOf, sliding } from './rows.ts';

const row = rowOf('eos', 'abc');
const claim = { secret: digestOf(row) };
const policies = [
  { how: 'by a write', policy: sliding },
  { how: 'by a read', policy: reading },
] as const;

onBothEngines('a row that is still there after its TTL', (test) => {
  test.for(clients)(
    'refreshes nobody, and stays as it is: $what',
    async ({ contract, call, expired }, { world }) => {
      const held = await world.open(contract);
      const before = await world.row(contract, held.sessionId);
      world.now = later(before?.purgeAt ?? noon, 3600);
      expect(await world.post(contract, call(held))).toMatchObject(expired);
      expect(await world.row(contract, held.sessionId)).toEqual(before);
    },
  );

  test.for(policies)('is past its lifetime, not unknown, $how', async ({ policy }, { world }) => {
    const session = loggedIn(row);
    await put(world, session);
    const late = later(session.purgeAt, 3600);
    const refresh = await world.store.refresh({ row, claim, policy, now: late });
    expect(refresh).toEqual({ outcome: 'refused', reason: 'lifetime-over' });
  });

  test.for(policies)('is judged by its limits alone, $how', async ({ policy }, { world }) => {
    await put(world, { ...loggedIn(row), purgeAt: later(now, -1) });
    const refresh = await world.store.refresh({ row, claim, policy, now });
    expect(refresh).toMatchObject({ outcome: 'refreshed' });
  });
});

onBothEngines('a clock behind the row’s own time', (test) => {
  test.for(clients)(
    'moves nothing back, and tells what the row says: $what',
    async ({ contract, call, told }, { world }) => {
      const held = await world.open(contract);
      world.now = later(noon, 600);
      const ahead = await world.post(contract, call(held));
      const row = await world.row(contract, held.sessionId);
      world.now = later(noon, 300);
      const behind = await world.post(contract, call(held));
      expect(behind.status).toBe(200);
      // A token that is its own idle clock lives from the moment that it was made.
      const slides = typeof contract.policy.idle === 'number';
      expect(told(behind)).toBe(slides ? told(ahead) : later(noon, 300 + 930));
      expect(await world.row(contract, held.sessionId)).toEqual(row);
    },
  );

  test.for(clients)(
    'may lie before the session was opened: $what',
    async ({ contract, call }, { world }) => {
      const held = await world.open(contract);
      const row = await world.row(contract, held.sessionId);
      world.now = later(noon, -60);
      expect(await world.post(contract, call(held))).toMatchObject({ status: 200 });
      expect(await world.row(contract, held.sessionId)).toEqual(row);
    },
  );

  test('gives eos the very answer that the clock ahead gave', async ({ world }) => {
    const held = await world.open(eos);
    world.now = later(noon, 600);
    const ahead = await world.post(eos, eosClient.call(held));
    world.now = later(noon, 300);
    expect(await world.post(eos, eosClient.call(held))).toMatchObject({ text: ahead.text });
  });

  test('leaves the latest of many clocks in the row, whichever comes last', async ({ world }) => {
    await put(world, loggedIn(row));
    const clocks = Array.from({ length: 50 }, (_, at) => later(now, (at * 37) % 50));
    const refreshes = await Promise.all(
      clocks.map((now) => world.store.refresh({ row, claim, policy: sliding, now })),
    );
    expect(refreshes.filter(({ outcome }) => outcome !== 'refreshed')).toEqual([]);
    const last = later(now, 49);
    const expected = { refreshedAt: last, idleUntil: later(last, 1800) };
    expect(await world.registry.find(row)).toEqual({ ...loggedIn(row), ...expected });
  });
});

onBothEngines('the clock of a client', (test) => {
  const offsets = [
    { clock: 'an hour ahead', offset: 3_600_000 },
    { clock: 'an hour behind', offset: -3_600_000 },
  ];
  test.for(offsets.flatMap((clock) => clients.map((client) => ({ ...clock, ...client }))))(
    'changes nothing, $clock: $what',
    async ({ offset, contract, call, told }, { world }) => {
      const held = await world.open(contract);
      const theirs = new Date(noon * 1000 + offset);
      const { headers, ...rest } = call(held);
      const date = { Date: theirs.toUTCString(), 'X-Amz-Date': theirs.toISOString() };
      const answer = await world.post(contract, { ...rest, headers: { ...headers, ...date } });
      expect(answer.status).toBe(200);
      const { idle } = contract.policy;
      expect(told(answer)).toBe(later(noon, typeof idle === 'number' ? idle : idle.token));
    },
  );
});

onBothEngines('the end of a session', (test) => {
  test.for(clients)(
    'is moved by no refresh, and no client is told a later one: $what',
    async ({ contract, call, next, told, expired }, { world }) => {
      let held = await world.open(contract);
      const { sessionId } = held;
      const end = later(noon, contract.policy.lifetime);
      const refresh = async (moment: EpochSeconds) => {
        world.now = moment;
        const answer = await world.post(contract, call(held));
        expect(answer.status).toBe(200);
        expect(told(answer)).toBeLessThanOrEqual(end);
        held = next(held, answer);
        return answer;
      };
      for (let moment = noon; moment < end; moment = later(moment, 900)) await refresh(moment);
      expect(told(await refresh(later(end, -1)))).toBe(end);
      expect(await world.row(contract, sessionId)).toMatchObject({ openedAt: noon, endsAt: end });

      world.now = end;
      const before = await itemOf(world, rowOf(contract.name, sessionId));
      expect(await world.post(contract, call(held))).toMatchObject(expired);
      expect(await itemOf(world, rowOf(contract.name, sessionId))).toEqual(before);
    },
  );
});
