/** The result of a refresh: every way in which it can end, except the caller's own abort. */
export type Outcome<Grant, Code extends string> =
  | Refreshed<Grant>
  | Ended<Code>
  | RetryLater
  | Rejected;

/** The session goes on. */
export interface Refreshed<Grant> {
  readonly outcome: 'refreshed';
  /** The body of the answer, with the names of its wire. */
  readonly grant: Grant;
  /** Seconds that it is good for from now on. This machine's clock may be wrong. */
  readonly expiresIn: number;
}

/** The session is over: log in again. Only a documented refusal has this outcome. */
export interface Ended<Code extends string> {
  readonly outcome: 'ended';
  /** The service's code, or `no-credential` where the store is empty and no request was sent. */
  readonly code: Code | 'no-credential';
}

/** Unknown: the service did not answer, or its answer does not judge the session. A retry is safe. */
export interface RetryLater {
  readonly outcome: 'retry-later';
  readonly cause: RetryCause;
  /** The status of the answer, where `cause` is `status`. */
  readonly status?: number;
  /** The seconds of `Retry-After`, if the answer has it. */
  readonly retryAfter?: number;
  /** Seconds that the last answer in the store is still good for, if there is one. */
  readonly expiresIn?: number;
}

/**
 * Why a refresh has no result. `network`: no answer, or one that CORS hides from the page; a browser
 * does not say which. `timeout`: no answer in time. `status`: an answer that neither grants nor ends
 * anything. `login`: the user logged in or out during every try.
 */
export type RetryCause = 'network' | 'timeout' | 'status' | 'login';

/** The request is wrong, not the credential: wrong address, wrong api key, or a firewall. */
export interface Rejected {
  readonly outcome: 'rejected';
  /** Absent where the platform could not build a request from the options. */
  readonly status?: number;
  readonly code?: string;
  /** Seconds that the last answer in the store is still good for, if there is one. */
  readonly expiresIn?: number;
}
