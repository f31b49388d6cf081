import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signPaddedJwt, verifyPaddedJwt } from '../../functions/core/keys/padded-jwt.ts';
import { material, noon } from '../support/world.ts';
import { effort, seed } from './fuzz.ts';
import { bare, mutated } from './tokens.ts';

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
  const inputs = 150_000 * effort;
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
