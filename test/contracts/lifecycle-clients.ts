import { ccstore } from '../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../functions/ccstoreui/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { written as inType, refreshing } from '../openapi/own-call.ts';
import { answerTo } from '../support/openapi.ts';
import { type Held, noon, type WireAnswer, type WireCall, type World } from '../support/world.ts';
import { signed } from './ccstore-client.ts';
import { payloadOf } from './segments.ts';

/** A contract's client: what it sends, and what it reads when it is told no. */
export interface Client {
  readonly contract: Contract;
  /** The secret in what `open` gave. */
  secretOf(held: Held): string;
  /** A refresh of any session by any secret, as a thief would send it. */
  call(sessionId: string, secret: string): WireCall;
  /** The answer to who holds the secret of a revoked session. */
  readonly loggedOut: object;
  /** The answer to who does not hold the secret. */
  readonly notYours: object;
  /** What a refresh at that moment writes into the row. */
  written(now: number): object;
}

const slides = (now: number) => ({ refreshedAt: now, idleUntil: now + 1800 });

const written: readonly Client[] = [
  {
    contract: eos,
    secretOf: ({ secureCode }) => secureCode,
    call: (sessionId, secret) => ({
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ sessionId, secureCode: secret }).toString(),
    }),
    loggedOut: { status: 403, text: '{"message":"Invalid credential","code":"3-2"}' },
    notYours: { status: 403, text: '{"message":"Invalid credential","code":"3-2"}' },
    written: slides,
  },
  {
    contract: s360,
    secretOf: ({ sessionToken }) => sessionToken,
    call: (sessionId, secret) => ({
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ sessionId, sessionToken: secret }),
    }),
    loggedOut: { status: 401, json: { status: 401, desc: { code: 'ESB-IDP-E0004' } } },
    notYours: { status: 401, json: { status: 401, desc: { code: 'ESB-IDP-E0003' } } },
    written: slides,
  },
  {
    contract: ccstore,
    secretOf: ({ accessToken }) => JSON.parse(payloadOf(accessToken)).sec,
    call: (sid, sec) => bearer(signed(JSON.stringify({ exp: noon + 930, sub: 'x', sid, sec }))),
    loggedOut: { status: 401, json: { status: '401', errorCode: '90004' } },
    notYours: { status: 401, json: { status: '401', errorCode: '90002' } },
    written: () => ({}),
  },
];

const [, , ofCcstore] = written;
const storefront: readonly Client[] = ofCcstore ? [{ ...ofCcstore, contract: ccstoreui }] : [];

/** One for every contract: those written here, and the others as their documents say. */
export const clients: readonly Client[] = contracts.map(
  (contract) =>
    [...written, ...storefront].find((one) => one.contract === contract) ?? byDocument(contract),
);

/** A client of the document's first request: a session id, and what proves that it is its own. */
function byDocument(contract: Contract): Client {
  const { type, example } = refreshing(contract);
  const proof = Object.keys(example.value).find((name) => name !== 'sessionId') ?? '';
  const refused = (reason: 'revoked' | 'wrong-secret') => {
    const { status, value: json } = answerTo(contract, reason);
    return { status, json };
  };
  const { idle } = contract.policy;
  return {
    contract,
    secretOf: (held) => String({ ...held }[proof]),
    call: (sessionId, secret) => ({
      headers: { 'Content-Type': type },
      body: inType(type, { ...example, value: { sessionId, [proof]: secret } }),
    }),
    loggedOut: refused('revoked'),
    notYours: refused('wrong-secret'),
    written: (now) => (typeof idle === 'number' ? { refreshedAt: now, idleUntil: now + idle } : {}),
  };
}

/** A refresh as the session's own client sends it. */
export function refresh(
  world: World,
  { contract, call, secretOf }: Client,
  held: Held,
): Promise<WireAnswer> {
  const own =
    contract.serves === 'ccstore' ? bearer(held.accessToken) : call(held.sessionId, secretOf(held));
  return world.post(contract, own);
}

function bearer(token: string): WireCall {
  return { headers: { Authorization: `Bearer ${token}` } };
}
