import { SignJWT } from 'jose';
import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import { later } from '../../functions/core/time.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { material, noon, onBothEngines, test } from '../support/world.ts';
import { refresh, refused, signed } from './ccstore-client.ts';
import { payloadOf, segments } from './segments.ts';

const next = 'the-next-signing-key-0123456789abcdefghijklmnopqrstuvwxyz';
const { signing = '' } = material;

onBothEngines('POST /ccstore/v1/refresh', (test) => {
  test('refuses a logged-out session with 90004, whichever of its tokens', async ({ world }) => {
    const { sessionId, accessToken } = await world.open(ccstore);
    const { json } = await refresh(world, accessToken);
    await world.run('revoke', { contract: 'ccstore', sessionId });
    for (const token of [accessToken, json.access_token])
      expect(await refresh(world, token)).toMatchObject(refused('90004'));
  });

  test('refuses with 90002 a session that nobody opened, and a secret that is not its own', async ({
    world,
  }) => {
    const claims = JSON.parse(payloadOf((await world.open(ccstore)).accessToken));
    const other = JSON.parse(payloadOf((await world.open(ccstore)).accessToken));
    for (const change of [{ sid: 'nobody' }, { sec: other.sec }, { sid: other.sid }]) {
      world.requests.length = 0;
      const token = signed(JSON.stringify({ ...claims, ...change }));
      expect(await refresh(world, token)).toMatchObject(refused('90002'));
      expect(world.requests).toEqual(['GetItemCommand']);
    }
    expect(await refresh(world, signed(JSON.stringify(claims)))).toMatchObject({ status: 200 });
  });
});

describe('POST /ccstore/v1/refresh', () => {
  test('tells who does not hold the secret of a session nothing of its end', async ({ world }) => {
    const { sessionId, accessToken } = await world.open(ccstore);
    const claims = { ...JSON.parse(payloadOf(accessToken)), sec: 'a guess' };
    await world.run('revoke', { contract: 'ccstore', sessionId });
    expect(await refresh(world, signed(JSON.stringify(claims)))).toMatchObject(refused('90002'));
    world.now = later(noon, 86_400);
    expect(await refresh(world, signed(JSON.stringify(claims)))).toMatchObject(refused('90002'));
  });

  test('takes a token that a standard library wrote with the key', async ({ world }) => {
    const claims = JSON.parse(payloadOf((await world.open(ccstore)).accessToken));
    const key = new TextEncoder().encode(signing);
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key);
    expect(await refresh(world, token)).toMatchObject({ status: 200 });
  });

  test('takes a signature in either alphabet, padded or not', async ({ world }) => {
    const { accessToken } = await world.open(ccstore, { secret: 's', sessionId: 'i' });
    const { header, payload, signature } = segments(accessToken);
    const url = signature.replaceAll('+', '-').replaceAll('/', '_');
    expect(url).not.toBe(signature);
    for (const tail of [url, url.replace('=', ''), signature.replace('=', '')])
      expect(await refresh(world, `${header}.${payload}.${tail}`)).toMatchObject({ status: 200 });
  });

  test('takes a token of the previous signing key, and signs with the current one', async ({
    world,
  }) => {
    const { accessToken } = await world.open(ccstore);
    world.keys = ({ name }) =>
      deriveKeys(name, { ...material, signing: next, previousSigning: signing });
    const { status, json } = await refresh(world, accessToken);
    expect(status).toBe(200);
    world.keys = ({ name }) => deriveKeys(name, { ...material, signing: next });
    expect(await refresh(world, json.access_token)).toMatchObject({ status: 200 });
    world.requests.length = 0;
    expect(await refresh(world, accessToken)).toMatchObject(refused('90002'));
    expect(world.requests).toEqual([]);
  });

  test('refuses every token with 90002 once the root secret is another', async ({ world }) => {
    const { accessToken } = await world.open(ccstore);
    world.keys = ({ name }) => deriveKeys(name, { ...material, root: next });
    expect(await refresh(world, accessToken)).toMatchObject(refused('90002'));
  });

  test('refuses an access token of s360 with 90002, were the key the same', async ({ world }) => {
    const { accessToken } = await world.open(s360);
    expect(await refresh(world, accessToken)).toMatchObject(refused('90002'));
  });
});
