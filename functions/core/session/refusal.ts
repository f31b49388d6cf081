/**
 * Why a session was not refreshed. Each contract has words for every one of them, in a table that the
 * compiler holds complete.
 */
export type Refusal =
  | 'unknown-session'
  | 'not-logged-in'
  | 'wrong-secret'
  | 'reused-secret'
  | 'revoked'
  | 'idle-too-long'
  | 'lifetime-over';
