import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../functions/ccstoreui/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import { signPaddedJwt, verifyPaddedJwt } from '../../functions/core/keys/padded-jwt.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { gateway } from '../../local/gateway.ts';
import { realRoutes } from '../local/wire.ts';
import { signed, tokenTimes } from '../support/ways.ts';
import { material, noon, test, type World } from '../support/world.ts';
import { effort, fuzz, openAll, seed } from './fuzz.ts';
import { type Call, type Known, marker, nearCalls, raw, spoilt, withToken } from './fuzz-inputs.ts';
import { bare, mutated } from './fuzz-tokens.ts';

const timeout = 240_000 * Math.max(effort, 1);

describe('a handler that is sent anything', () => {
  test.for([
    { name: 'eos', contract: eos, inputs: 8000 * effort },
    { name: 's360', contract: s360, inputs: 8000 * effort },
    { name: 'ccstore', contract: ccstore, inputs: 6000 * effort },
    { name: 'ccstoreui', contract: ccstoreui, inputs: 1000 * effort },
  ])(
    'of $name answers in its own words, and refreshes whoever may',
    { timeout },
    async (row, { world }) => {
      const { contract, inputs } = row;
      const known = await openAll(world, contract);
      const near = nearCalls(world, contract, known);
      const tokens = contract.body === 'none';
      const calls = fc.oneof(
        { weight: 3, arbitrary: near },
        { weight: tokens ? 1 : 2, arbitrary: spoilt(near) },
        ...(tokens ? [{ weight: 5, arbitrary: forgeries(world, known) }] : []),
        { weight: tokens ? 9 : 14, arbitrary: raw },
      );
      await fuzz({ world, contract, known, calls, inputs });
    },
  );
});

/** Requests with tokens that are made of good ones. */
function forgeries(world: World, { id: sid, secret: sec }: Known): fc.Arbitrary<Call> {
  const token = signed(world, { ...tokenTimes(world), sid, sec });
  const other = signed(world, { ...tokenTimes(world), sid: 'nobody', sec });
  const wrong = [material.root, 'secret'];
  return withToken(
    mutated([token, other], material.signing ?? '', wrong).map((text) => ({
      text,
      // Blanks around a token are the header's.
      right: bare(text.replace(/^ +| +$/g, '')) === bare(token) ? 'perhaps' : 'no',
    })),
  );
}

describe('the local gateway that is sent anything', () => {
  test('answers no 5xx, and echoes nothing but the name of the request', { timeout }, async ({
    world,
  }) => {
    const answer = gateway({ routes: realRoutes(world), apiKeys: new Set(['key']) });
    const targets = fc.constantFrom('/', '/%zz', '//', ...contracts.map(({ path }) => path));
    const requests = fc.record({
      call: raw,
      path: targets,
      query: fc.constantFrom('', '?', '?a=%zz', `?sessionId=${marker}&=&a=%41`),
      method: fc.constantFrom('POST', 'POST', 'GET', 'OPTIONS', 'post', ''),
      whole: fc.boolean(),
    });
    for (const { call, path, query, method, whole } of fc.sample(requests, {
      seed,
      numRuns: 1000 * effort,
    })) {
      const rawHeaders = call.headers.filter(([name]) => !/^x-request-id$/i.test(name)).flat();
      const body = whole ? (call.body ?? '') : undefined;
      const request = { method, target: path + query, rawHeaders, body, sourceIp: '127.0.0.1' };
      const answered = await answer(request);
      const shown = `SEED=${seed}: ${JSON.stringify({ request, answered }).slice(0, 2000)}`;
      expect(answered.statusCode, shown).toBeLessThan(500);
      expect(JSON.stringify(answered), shown).not.toContain(marker);
    }
  });
});

const signing = material.signing ?? '';
const before = 'signing-before-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz';
const keys = [signing, before].map((text) => createSecretKey(text, 'utf8'));

/** Keys that are about, and sign nothing. */
const { publicKey } = generateKeyPairSync('ed25519');
const pem = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
const wrong = [
  material.root,
  String(pem.export({ type: 'spki', format: 'pem' })),
  JSON.stringify(pem.export({ format: 'jwk' })),
  `${signing} `,
  signing.slice(0, -1),
  Buffer.from(signing).toString('base64'),
  'secret',
  '\0',
];

function payload(sid: string): string {
  return `{"exp":${noon + 930},"sub":"110558","iss":"storefrontUI","iat":${noon},"sid":"${sid}","sec":"~>~?~??>${sid}"}`;
}

describe('a token of ccstore', () => {
  const inputs = 20_000 * effort;
  const batch = 1000;

  test.for([
    { what: 'the current key', text: signing },
    { what: 'the previous key', text: before },
  ])(
    'of $what is taken as it was written, and no other is',
    { timeout: 240_000 * Math.max(effort, 1) },
    ({ text }) => {
      const key = createSecretKey(text, 'utf8');
      const token = signPaddedJwt(payload('one'), key);
      const other = signPaddedJwt(payload('other'), key);
      const good = new Map([token, other].map((one) => [bare(one), verifyPaddedJwt(one, [key])]));
      let taken = 0;
      for (let number = 0; number < inputs / 2 / batch; number += 1)
        for (const mutant of fc.sample(mutated([token, other], text, wrong), {
          seed: seed + number,
          numRuns: batch,
        })) {
          const read = verifyPaddedJwt(mutant, keys);
          if (read === undefined) continue;
          taken += 1;
          // What was taken is a good token's very bytes, and says what that one says.
          const same = JSON.stringify(read) === JSON.stringify(good.get(bare(mutant)));
          if (!same)
            expect.fail(`SEED=${seed}: ${JSON.stringify(mutant)} is ${JSON.stringify(read)}`);
        }
      // Some mutants are the token itself; were there none, nothing would show that any could be taken.
      expect(taken).toBeGreaterThan(0);
      expect(taken).toBeLessThan(inputs / 10);
    },
  );
});
