import fc from 'fast-check';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { bearer, signed, tokenTimes } from '../support/ways.ts';
import type { World } from '../support/world.ts';
import { type Call, cased, type Known, near, noise, structured } from './inputs.ts';

/** The session's own request. */
export function ownCall(world: World, contract: Contract, { id, secret }: Known): Call {
  if (contract === ccstore) {
    const token = signed(world, { ...tokenTimes(world), sid: id, sec: secret });
    return { headers: Object.entries(bearer(token).headers ?? {}), right: 'yes' };
  }
  const proof = contract === eos ? 'secureCode' : 'sessionToken';
  return {
    headers: [['Content-Type', 'application/json']],
    body: JSON.stringify({ sessionId: id, [proof]: secret }),
    right: 'yes',
  };
}

/** Requests that are well-formed, and right or nearly so. */
export function nearCalls(world: World, contract: Contract, known: Known): fc.Arbitrary<Call> {
  if (contract === ccstore) return withToken(signedTokens(world, known));
  const fields =
    contract === s360
      ? ({ id: 'sessionId', secret: 'sessionToken', ways: ['json'] } as const)
      : ({ id: 'sessionId', secret: 'secureCode', ways: ['form', 'json', 'query'] } as const);
  return structured(fields, known);
}

/** A token, and whether it is the session's. */
export interface Token {
  readonly text: string;
  readonly right: Call['right'];
}

/** Tokens that the right key signed, whatever they say. */
function signedTokens(world: World, known: Known): fc.Arbitrary<Token> {
  const ends = [later(world.now, 930), later(world.now, 1), world.now, 0, -1, 1e300, 1e15];
  const odd = [null, '9999999999', [9999999999], 0.5, {}, true];
  return fc
    .record({
      sid: near(known.id),
      sec: near(known.secret, known.strange),
      exp: fc.oneof(
        { weight: 9, arbitrary: fc.constant(later(world.now, 930)) },
        { weight: 3, arbitrary: fc.constantFrom<unknown>(...ends) },
        { weight: 1, arbitrary: fc.constantFrom<unknown>(...odd) },
      ),
      more: fc.dictionary(fc.constantFrom('nbf', 'aud', '__proto__', 'iat'), fc.jsonValue(), {
        maxKeys: 2,
      }),
    })
    .map(({ sid, sec, exp, more }) => ({
      text: signed(world, { ...more, sid, sec, exp }),
      right:
        sid === known.id && sec === known.secret && Number.isInteger(exp) && Number(exp) > world.now
          ? 'yes'
          : 'no',
    }));
}

/** Requests with a token in their header. */
export function withToken(tokens: fc.Arbitrary<Token>): fc.Arbitrary<Call> {
  return fc
    .record({
      token: tokens,
      headers: noise,
      named: cased('Authorization'),
      scheme: fc.constantFrom('Bearer ', 'bearer   ', 'BEARER '),
      end: fc.constantFrom('', ' ', '   '),
      body: fc.constantFrom(null, '', '{', 'sessionId=a'),
    })
    .map(({ token: { text, right }, headers, named, scheme, end, body }) => ({
      headers: [...headers, [named, scheme + text + end]],
      body,
      right,
    }));
}
