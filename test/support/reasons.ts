import type { Fault } from '../../functions/core/contract/fault.ts';
import type { Refusal } from '../../functions/core/session/session.ts';

// The compiler holds both lists complete.
const refused = {
  'unknown-session': true,
  'not-logged-in': true,
  'wrong-secret': true,
  'reused-secret': true,
  revoked: true,
  'idle-too-long': true,
  'lifetime-over': true,
} satisfies Record<Refusal, true>;

const failed = {
  'malformed-request': true,
  'unknown-client': true,
  forbidden: true,
  'unknown-route': true,
  'over-rate': true,
  'over-quota': true,
  'too-large': true,
  failed: true,
  unavailable: true,
  'timed-out': true,
} satisfies Record<Fault, true>;

/** Every word that a contract's refuse table has an answer for. */
export const reasons = [...Object.keys(refused), ...Object.keys(failed)] as (Refusal | Fault)[];

/** Whether a reason is no judgement of a session. */
export function isFault(reason: Refusal | Fault): reason is Fault {
  return reason in failed;
}
