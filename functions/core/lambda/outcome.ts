import type { Fault, GatewayFault } from '../contract/fault.ts';
import type { Refusal } from '../session/session.ts';
import type { Level } from './log-level.ts';

/**
 * The outcome of a request that reached its Lambda, as it is named in logs and metrics. `settling`:
 * rotation asks the client to come again in some seconds. It is answered like `unavailable`.
 */
export type Outcome = 'refreshed' | 'settling' | Refusal | Exclude<Fault, GatewayFault>;

/** The log level of each outcome. Client errors are logged at `info` and raise no alarm. */
export const levels = {
  refreshed: 'info',
  settling: 'info',
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
} as const satisfies Record<Outcome, Level>;

/**
 * Every outcome. Each is also the name of a metric, which is 1 for every request with this outcome.
 */
export const outcomes = Object.keys(levels) as readonly Outcome[];

/** A metric about the Lambda and not about a request: a background read of its keys failed. */
export type Notice = 'keys-unread';

/** The name of a CloudWatch metric that the Lambdas publish. */
export type MetricName = Outcome | 'latency' | 'storage-latency' | 'cold-start' | Notice;

/**
 * The value of the dimension `service`; the other dimension, `contract`, is the contract's name.
 */
export const service = 'session-refresh';
