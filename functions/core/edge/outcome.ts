import type { Refusal } from '../session/refusal.ts';
import type { Fault } from './fault.ts';

/** What API Gateway answers itself: no Lambda is asked, and its access log alone knows of the request. */
export type GatewayFault = Extract<
  Fault,
  'unknown-client' | 'forbidden' | 'unknown-route' | 'over-rate' | 'over-quota'
>;

/** What became of a request that reached its Lambda: the word for it in logs and metrics. */
export type Outcome = 'refreshed' | Refusal | Exclude<Fault, GatewayFault>;

/** How loud each outcome is in the log. What clients do wrong is told, and nobody is woken by it. */
export const levels = {
  refreshed: 'info',
  'unknown-session': 'info',
  'not-logged-in': 'info',
  'wrong-secret': 'info',
  'reused-secret': 'warn',
  revoked: 'info',
  'idle-too-long': 'info',
  'lifetime-over': 'info',
  'malformed-request': 'info',
  'too-large': 'info',
  failed: 'error',
  unavailable: 'error',
  'timed-out': 'error',
} as const satisfies Record<Outcome, 'info' | 'warn' | 'error'>;
