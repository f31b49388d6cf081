import type { Contract } from '../core/contract/contract.ts';
import type { Fault } from '../core/contract/fault.ts';
import { type Reply, reply } from '../core/contract/reply.ts';
import { credential } from '../core/contract/wire-request.ts';
import type { Refusal } from '../core/session/session.ts';
import { opening } from './opening.ts';
import { sessionBody } from './session-body.ts';

/** `POST /acme/v1/refresh` of Acme's workshop. */
export const acme: Contract = {
  name: 'acme',
  serves: 'acme',
  path: '/acme/v1/refresh',
  body: 'json',
  apiKey: 'none',
  rotates: true,
  signs: false,
  policy: { idle: 15 * 60, lifetime: 8 * 60 * 60, rotation: 'fixed' },

  read: ({ body }) => credential(body.get('sessionId'), body.get('token')) ?? 'malformed-request',

  grant: (granted) => ({ status: 200, body: sessionBody(granted) }),

  refuse: (reason) => replies[reason],

  opening,
};

/** One answer for every reason: who does not hold the token learns nothing. */
const over = reply(401, { code: 'session-over' });

const overRate = reply(429, { code: 'too-many-requests' }, { 'Retry-After': '1' });

const replies = {
  'unknown-session': over,
  'not-logged-in': over,
  'wrong-secret': over,
  'reused-secret': over,
  revoked: over,
  'idle-too-long': over,
  'lifetime-over': over,
  'malformed-request': over,
  'unknown-client': over,
  forbidden: reply(403, { code: 'forbidden' }),
  'unknown-route': reply(404, { code: 'not-found' }),
  'over-rate': overRate,
  'over-quota': overRate,
  'too-large': reply(413, { code: 'too-large' }),
  failed: reply(500, { code: 'internal-error' }),
  unavailable: reply(503, { code: 'unavailable' }, { 'Retry-After': '1' }),
  'timed-out': reply(504, { code: 'timed-out' }, { 'Retry-After': '1' }),
} as const satisfies Record<Refusal | Fault, Reply>;
