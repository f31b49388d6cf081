import { StorageUnanswered } from '../session/storage.ts';
import { KeysUnavailable } from '../token/keys.ts';

/** What went wrong that is no judgement of a session: the request is not one, or we failed. */
export type Fault =
  | 'malformed-request'
  | 'unknown-client'
  | 'forbidden'
  | 'unknown-route'
  | 'over-rate'
  | 'over-quota'
  | 'too-large'
  | 'failed'
  | 'unavailable'
  | 'timed-out';

/**
 * What to call something thrown. A service that did not answer, or would not, is `unavailable` or
 * `timed-out`, and a retry may help; a request of ours that it could not read is a bug, and so is
 * everything else.
 */
export function faultOf(error: unknown): Extract<Fault, 'failed' | 'unavailable' | 'timed-out'> {
  if (!(error instanceof Error)) return 'failed';
  if (error instanceof KeysUnavailable || error instanceof StorageUnanswered) return 'unavailable';
  if (timeouts.has(error.name)) return 'timed-out';
  if (bugs.has(error.name)) return 'failed';
  if (outages.has(error.name)) return 'unavailable';
  return '$metadata' in error || ('code' in error && transport.has(String(error.code)))
    ? 'unavailable'
    : 'failed';
}

/** The SDK's own timeout, an aborted request, and middy's early end of a Lambda about to time out. */
const timeouts = new Set(['TimeoutError', 'AbortError', 'RequestTimeout']);

const bugs = new Set(['ValidationException', 'SerializationException']);

/** Credentials of our own that can't be had. */
const outages = new Set(['CredentialsProviderError']);

/** Node's names for a wire that is down. */
const transport = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
