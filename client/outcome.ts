/** What a refresh came to: every way in which it can end, but the caller's own abort. */
export type Outcome<Grant, Code extends string> =
  | Refreshed<Grant>
  | Ended<Code>
  | RetryLater
  | Rejected;

/** The session lives on. */
export interface Refreshed<Grant> {
  readonly outcome: 'refreshed';
  /** What the service gave, as its wire names it. */
  readonly grant: Grant;
  /** Seconds that it holds from now on, whatever this machine's clock says. */
  readonly expiresIn: number;
}

/** The session is over: log in again. Only a documented answer of the service says so. */
export interface Ended<Code extends string> {
  readonly outcome: 'ended';
  /** The service's word for it; `no-credential` where the store has none, and nothing was asked. */
  readonly code: Code | 'no-credential';
}

/** Nobody knows: the service could not be asked, or would not say. A retry is safe. */
export interface RetryLater {
  readonly outcome: 'retry-later';
  readonly cause: RetryCause;
  /** The status of the answer, where that is the cause. */
  readonly status?: number;
  /** Seconds, where the service named them. */
  readonly retryAfter?: number;
  /** Seconds that the answer before still holds, where the store has one. */
  readonly expiresIn?: number;
}

/**
 * Why a refresh came to nothing. `network`: no answer, or none that CORS lets a page read; a browser
 * does not tell which. `timeout`: no answer in time. `status`: an answer that neither grants nor ends
 * anything. `login`: somebody logged in or out during every try.
 */
export type RetryCause = 'network' | 'timeout' | 'status' | 'login';

/** The request is wrong, not the credential: a wrong address, a wrong api key, a firewall. */
export interface Rejected {
  readonly outcome: 'rejected';
  /** Absent where the request could not even be made of what was given. */
  readonly status?: number;
  readonly code?: string;
  /** Seconds that the answer before still holds, where the store has one. */
  readonly expiresIn?: number;
}
