import { expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/edge/contract.ts';
import { systemClock } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { clients, payloadOf } from '../session/clients.ts';
import { type Held, noon, onBothEngines, test as plain } from '../support/world.ts';
import { newBook } from './book.ts';
import { makeRig, type Rig } from './rig.ts';

/** 2106-02-07T06:28:16Z, when seconds no longer fit in 32 bits without a sign. */
const overflow = 2 ** 32;

/** Moments around which a session may begin. */
const eras = [
  { when: 'today', start: noon },
  { when: 'over the end of 31 bits, in 2038', start: 2 ** 31 - 900 },
  { when: 'over the end of 32 bits, in 2106', start: overflow - 900 },
  { when: 'beyond 32 bits', start: overflow + 86_400 },
];

const cases = eras.flatMap((era) => clients.map((client) => ({ ...era, ...client })));

onBothEngines('the seconds of a session', (test) => {
  test.for(cases)(
    'are counted to the very one, $when: $what',
    async ({ start, contract, call, next, told, expired }, { world }) => {
      const book = newBook();
      book.now = start;
      const rig = makeRig(world, book);
      let held = await open(rig, contract);
      const { idle, lifetime } = contract.policy;
      const rest = typeof idle === 'number' ? idle : idle.token;
      const end = start + lifetime;
      const refresh = async (moment: number) => {
        book.now = moment;
        return rig.post(contract, call(held));
      };
      const granted = async (moment: number) => {
        const answer = await refresh(moment);
        expect(answer.status).toBe(200);
        expect(told(answer)).toBe(Math.min(moment + rest, end));
        held = next(held, answer);
      };

      // The last second of the idle limit, every time, until the end of the session is nearer.
      let moment = start;
      for (; moment + rest - 1 < end; moment += rest - 1) await granted(moment);
      await granted(moment);
      await granted(end - 1);
      const [row] = (await rig.table()).values();
      expect(row).toMatchObject({ openedAt: start, endsAt: end, purgeAt: end + 86_400 });
      expect(await refresh(end)).toMatchObject(expired);
      expect(await refresh(end + 1)).toMatchObject(expired);
      expect([...(await rig.table()).values()]).toEqual([row]);
      // A clock that falls back into the session finds it as it was.
      await granted(end - 1);
    },
  );

  test.for(cases)(
    'end its rest at the limit and not one later, $when: $what',
    async ({ start, contract, call, told, expired }, { world }) => {
      const book = newBook();
      book.now = start;
      const rig = makeRig(world, book);
      const held = await open(rig, contract);
      const { idle } = contract.policy;
      const limit = start + (typeof idle === 'number' ? idle : idle.token);
      const before = await rig.table();
      for (const late of [limit, limit + 1, limit + 100 * 365 * 86_400]) {
        book.now = late;
        expect(await rig.post(contract, call(held))).toMatchObject(expired);
      }
      expect(await rig.table()).toEqual(before);
      book.now = limit - 1;
      const answer = await rig.post(contract, call(held));
      expect(answer.status).toBe(200);
      expect(told(answer)).toBe(2 * limit - start - 1);
    },
  );
});

onBothEngines('an anonymous session', (test) => {
  test.for([
    { what: 'a second before its idle limit', late: -1, answer: { outcome: 'done' } },
    { what: 'at its idle limit', late: 0, answer: { outcome: 'refused', reason: 'idle-too-long' } },
    {
      what: 'after its end',
      late: 43_200,
      answer: { outcome: 'refused', reason: 'lifetime-over' },
    },
  ])('answers a login $what', async ({ late, answer }, { world }) => {
    const book = newBook();
    const rig = makeRig(world, book);
    const session = { contract: 'eos', sessionId: 'a' };
    await rig.run('open', { ...session, anonymous: true });
    book.now = noon + 1800 + late;
    expect(await rig.run('login', { ...session, subject: 'p' })).toMatchObject(answer);
  });
});

onBothEngines('Lambdas whose clocks differ', (test) => {
  test.for(clients)(
    'never move a limit back, and tell what the row says: $what',
    async ({ contract, call, told }, { world }) => {
      const held = await open(makeRig(world, newBook()), contract);
      const { idle } = contract.policy;
      let [latest, moved] = [noon as number, noon as number];
      for (const skew of [0, 300, -300, 5, 301, -86_400, 300, 900, 899]) {
        const book = newBook();
        book.now = noon + skew;
        const answer = await makeRig(world, book).post(contract, call(held));
        expect(answer.status).toBe(200);
        latest = Math.max(latest, book.now);
        expect(told(answer)).toBe(typeof idle === 'number' ? latest + idle : book.now + idle.token);
        const row = await world.row(contract, held.sessionId);
        expect(row?.refreshedAt).toBe(typeof idle === 'number' ? latest : noon);
        expect(row?.idleUntil).toBeGreaterThanOrEqual(moved);
        moved = row?.idleUntil ?? moved;
      }
    },
  );
});

plain(
  'the time that eos tells is in milliseconds, and a token tells seconds',
  async ({ world }) => {
    const book = newBook();
    const rig = makeRig(world, book);
    for (const now of [noon, overflow]) {
      book.now = now;
      const hydra = await open(rig, eos);
      expect(hydra.expireTime).toBe((now + 1800) * 1000);
      const [eosClient, , ccstoreClient] = clients;
      if (!eosClient || !ccstoreClient) throw new Error('every contract has a client');
      const { json } = await rig.post(eos, eosClient.call(hydra));
      expect(json.expireTime).toBe((now + 1800) * 1000);
      const store = await rig.post(ccstore, ccstoreClient.call(await open(rig, ccstore)));
      const { iat, exp } = payloadOf(store.json.access_token);
      expect({ iat, exp, life: store.json.expires_in }).toEqual({
        iat: now,
        exp: now + 930,
        life: 930,
      });
    }
  },
);

plain('the clock of the machine tells whole seconds', () => {
  const before = Math.floor(Date.now() / 1000);
  const now = systemClock();
  expect(Number.isInteger(now)).toBe(true);
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now() / 1000);
});

/** What the client of a new session holds; the fields of the other contracts are empty. */
async function open(rig: Rig, { name }: Contract): Promise<Held> {
  const answer = await rig.run('open', { contract: name });
  if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
  return { ...none, ...answer.result };
}

const none: Held = {
  sessionId: '',
  secureCode: '',
  sessionToken: '',
  accessToken: '',
  expireTime: 0,
  expiresIn: 0,
  expiresAt: 0,
};
