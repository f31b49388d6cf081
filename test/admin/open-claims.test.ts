import { expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { noon, onBothEngines } from '../support/world.ts';
import { done, item, payload, refresh, wires } from './support.ts';

// What no parser gives back as it was: numbers beyond a double, names that look like numbers, escapes.
const odd = '{"2":9007199254740993,"1":1.10,"é":"\\u00e9\\/"}';

const given = [
  {
    what: 'eos',
    claims: ` { "profile" : ${odd} ,\n"mobilityApps":{"user":[],"system":[{"id":"res","size":0}]}}`,
    stored: `{"mobilityApps":{"user":[],"system":[{"id":"res","size":0}]},"profile":${odd}}`,
  },
  {
    what: 's360',
    claims: `{"sso":{"authorityType":"OTHER","externalSystemId":"chatbot"},"app":${odd},"user":{}}`,
    stored: `{"user":{},"app":${odd},"sso":{"externalSystemId":"chatbot","authorityType":"OTHER"}}`,
  },
  {
    what: 'ccstore',
    claims: '{"com.oracle.roles":["a"]}',
    stored: '{"iss":"storefrontUI","com.oracle.roles":["a"]}',
  },
  {
    what: 'ccstore',
    claims: `{"com.oracle.roles":["a"],"iss":"admin","x":${odd}}`,
    stored: `{"com.oracle.roles":["a"],"iss":"admin","x":${odd}}`,
  },
];

const defaults = [
  { what: 'eos', stored: '{"mobilityApps":{"system":[],"user":[]},"profile":{}}' },
  {
    what: 's360',
    stored:
      '{"user":{"selfProfile":[]},"app":{"iidParams":{}},"sso":{"externalSystemId":"chatbot","authorityType":"SELF"}}',
  },
  { what: 'ccstore', stored: '{"iss":"storefrontUI"}' },
];

onBothEngines('session-admin open, its claims', (test) => {
  test.for(given)(
    'keeps those of $what to the letter',
    async ({ what, claims, stored }, { world }) => {
      await world.run('open', { contract: what, sessionId: 'id', claims });
      expect((await item(world, what, 'id'))?.claims).toEqual({ S: stored });
    },
  );

  test.for(defaults)(
    'gives $what its own where none are given',
    async ({ what, stored }, { world }) => {
      await world.run('open', { contract: what, sessionId: 'id' });
      expect((await item(world, what, 'id'))?.claims).toEqual({ S: stored });
    },
  );

  test('keeps as many as 256 kB of them, which come back', async ({ world }) => {
    const around = '{"profile":{"a":""},"mobilityApps":{"system":[],"user":[]}}';
    const most = 'x'.repeat(256 * 1024 - around.length);
    const claims = around.replace('""', `"${most}"`);
    const [wire] = wires;
    const held = await world.open(eos, { claims });
    const answer = wire && (await refresh(world, wire, held));
    expect(answer?.json.profile.a === most).toBe(true);
  });
});

onBothEngines('session-admin open, an anonymous session', (test) => {
  test('answers an id and an end, and no secret', async ({ world }) => {
    const held = done(await world.run('open', { contract: 'eos', anonymous: true }));
    expect(Object.keys(held)).toEqual([
      'contract',
      'sessionId',
      'expireTime',
      'expiresIn',
      'expiresAt',
    ]);
    expect(held).toMatchObject({ expireTime: (noon + 1800) * 1000, expiresAt: noon + 1800 });
  });

  test('writes a row that belongs to nobody', async ({ world }) => {
    await world.run('open', { contract: 'eos', sessionId: 'id', anonymous: true });
    expect(await item(world, 'eos', 'id')).toEqual({
      rowKey: { S: 'eos#id' },
      openedAt: { N: String(noon) },
      refreshedAt: { N: String(noon) },
      idleUntil: { N: String(noon + 1800) },
      endsAt: { N: String(noon + 43_200) },
      purgeAt: { N: String(noon + 43_200 + 86_400) },
    });
  });

  test('gives nobody a refresh', async ({ world }) => {
    const { sessionId } = await world.open(eos, { anonymous: true });
    const answer = await world.post(eos, { query: { sessionId: [sessionId], secureCode: ['x'] } });
    expect([answer.status, answer.json.code]).toEqual([403, '3-2']);
    expect(world.records.at(-1)?.outcome).toBe('not-logged-in');
  });

  test('gives a secret where `anonymous` is false', async ({ world }) => {
    const held = done(await world.run('open', { contract: 'eos', anonymous: false, secret: 'x' }));
    expect(held.secureCode).toBe('x');
  });
});

onBothEngines('session-admin open, a token lifetime', (test) => {
  test('holds for the first token and for every one after', async ({ world }) => {
    const held = await world.open(ccstore, { tokenLifetime: 300 });
    expect([held.expiresIn, held.expiresAt]).toEqual([300, noon + 300]);
    const { exp, iat } = payload(held.accessToken);
    expect([iat, exp]).toEqual([noon, noon + 300]);
    const headers = { Authorization: `Bearer ${held.accessToken}` };
    expect((await world.post(ccstore, { headers })).json.expires_in).toBe(300);
  });

  test.for([{ tokenLifetime: 20 }, { tokenLifetime: 86_400 }])(
    'takes $tokenLifetime seconds',
    async ({ tokenLifetime }, { world }) => {
      const held = await world.open(ccstore, { sessionId: 'id', tokenLifetime });
      expect([held.expiresIn, held.expiresAt]).toEqual([tokenLifetime, noon + tokenLifetime]);
      expect((await item(world, 'ccstore', 'id'))?.tokenLifetime).toEqual({
        N: String(tokenLifetime),
      });
    },
  );
});
