import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { noon, onBothEngines } from '../support/world.ts';
import { done, item, payload, refresh, wires } from './support.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const newSecret = /^[A-Za-z0-9_-]{43}$/;
const printable = String.fromCharCode(...Array.from({ length: 95 }, (_, at) => 0x20 + at));

onBothEngines('session-admin open', (test) => {
  test.for(wires)('answers exactly what a client of $name holds', async (wire, { world }) => {
    const held = done(await world.run('open', { contract: wire.name }));
    expect(Object.keys(held)).toEqual(wire.holds);
    expect(held).toMatchObject({ contract: wire.name, sessionId: expect.stringMatching(uuid) });
    expect(world.requests).toEqual(['PutItemCommand']);
  });

  test('answers eos when the session expires, in milliseconds', async ({ world }) => {
    const held = done(await world.run('open', { contract: 'eos' }));
    expect(held).toMatchObject({
      secureCode: expect.stringMatching(newSecret),
      expireTime: (noon + 1800) * 1000,
      expiresIn: 1800,
      expiresAt: noon + 1800,
    });
  });

  test('answers s360 when the session expires, as its token does', async ({ world }) => {
    const held = done(await world.run('open', { contract: 's360' }));
    expect(held).toMatchObject({
      sessionToken: expect.stringMatching(newSecret),
      expiresAt: noon + 1800,
    });
    const { iat, exp, context } = payload(String(held.accessToken));
    expect([iat, exp]).toEqual([noon, noon + 1800]);
    expect(context.sso.sessionId).toBe(held.sessionId);
  });

  test('answers ccstore when its token expires', async ({ world }) => {
    const held = done(await world.run('open', { contract: 'ccstore', subject: '110558' }));
    expect(held).toMatchObject({ expiresIn: 930, expiresAt: noon + 930 });
    expect(payload(String(held.accessToken))).toEqual({
      exp: noon + 930,
      sub: '110558',
      iss: 'storefrontUI',
      iat: noon,
      sid: held.sessionId,
      sec: expect.stringMatching(newSecret),
    });
  });

  test.for(wires)('gives $name a session that refreshes', async (wire, { world }) => {
    const held = await world.open(wire.contract);
    expect((await refresh(world, wire, held)).status).toBe(200);
  });

  test.for(wires)('gives every session of $name its own id and secret', async (wire, { world }) => {
    const [one, other] = [await world.open(wire.contract), await world.open(wire.contract)];
    expect(one.sessionId).not.toBe(other.sessionId);
    expect(wire.secret(one)).not.toBe(wire.secret(other));
  });

  test.for(wires)(
    'registers the id and secret of another system in $name',
    async (wire, { world }) => {
      const sessionId = `Given.id_-${'9'.repeat(118)}`;
      const held = await world.open(wire.contract, { sessionId, secret: printable });
      expect(held.sessionId).toBe(sessionId);
      expect(wire.secret(held)).toBe(printable);
      expect((await refresh(world, wire, held)).status).toBe(200);
    },
  );

  test.for([
    { what: 'eos', idle: 1800, lifetime: 43_200 },
    { what: 's360', idle: 1800, lifetime: 43_200 },
    { what: 'ccstore', idle: 86_400, lifetime: 86_400 },
  ])('writes a row of $what with these attributes and no other', async (row, { world }) => {
    const claims = '{"user":{},"app":{},"sso":{"externalSystemId":"x"}}';
    await world.run('open', {
      contract: row.what,
      sessionId: 'id',
      subject: 'S',
      ...(row.what === 's360' && { claims }),
    });
    expect(await item(world, row.what, 'id')).toEqual({
      rowKey: { S: `${row.what}#id` },
      subject: { S: `${row.what}#S` },
      secret: { S: expect.stringMatching(newSecret) },
      claims: { S: expect.stringMatching(/^\{.*\}$/) },
      openedAt: { N: String(noon) },
      refreshedAt: { N: String(noon) },
      idleUntil: { N: String(noon + row.idle) },
      endsAt: { N: String(noon + row.lifetime) },
      purgeAt: { N: String(noon + row.lifetime + 86_400) },
    });
  });

  test.for(wires)('keeps the secret out of the row of $name', async (wire, { world }) => {
    const secret = '20004007594';
    const held = await world.open(wire.contract, { sessionId: 'id', subject: 'S', secret });
    const text = JSON.stringify(await item(world, wire.name, 'id'));
    const bare = createHash('sha256').update(secret);
    for (const trace of [
      secret,
      Buffer.from(secret).toString('hex'),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
      bare.copy().digest('hex'),
      bare.copy().digest('base64').replace('=', ''),
      bare.copy().digest('base64url'),
      ...(held.accessToken ? [held.accessToken] : []),
    ])
      expect(text).not.toContain(trace);
  });

  test.for(wires)(
    'names a session of $name after itself where nobody is named',
    async (wire, { world }) => {
      const { sessionId } = await world.open(wire.contract);
      expect((await item(world, wire.name, sessionId))?.subject).toEqual({
        S: `${wire.name}#${sessionId}`,
      });
    },
  );
});
