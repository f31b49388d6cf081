import { attempt } from './attempt.ts';
import { type CredentialStore, inMemory, sameCredential } from './credentials.ts';
import type { Outcome } from './outcome.ts';
import { longestPause } from './pause.ts';
import { type RetryPolicy, withRetries } from './retries.ts';
import { type Runtime, runtimeWith } from './runtime.ts';
import { singleFlight } from './single-flight.ts';
import { newAnswer, storedAnswer } from './stored-answer.ts';
import type { SharedAnswer } from './tab-channel.ts';
import { withTabLock } from './tab-lock.ts';
import type { Wire } from './wire.ts';

/** The options that the clients of all contracts take. */
export interface ClientOptions<Credential, Grant> {
  /** The address of the contract's route. */
  readonly url: string;
  /** The credential that the login gave, or the store that holds it. */
  readonly credentials: Credential | CredentialStore<Credential, Grant>;
  readonly retry?: Partial<RetryPolicy>;
  readonly runtime?: Partial<Runtime>;
}

/**
 * Refreshes the session. Concurrent calls share one request.
 * @throws the reason of the signal when it is aborted, or the error that the store throws
 */
export type Refresh<Grant, Code extends string> = (
  options?: RefreshOptions,
) => Promise<Outcome<Grant, Code>>;

/** The options of one refresh. */
export interface RefreshOptions {
  readonly signal?: AbortSignal;
  /** Seconds. An answer in the store that is no older, from any tab, is returned without a request. */
  readonly maxAge?: number;
}

/** The client of a contract. */
export function refresher<Credential extends object, Grant, Code extends string>(
  wire: Wire<Credential, Grant, Code>,
  { url, credentials, ...options }: ClientOptions<Credential, Grant>,
): Refresh<Grant, Code> {
  const runtime = runtimeWith(options.runtime);
  const policy = { ...standardPolicy, ...options.retry };
  const store = isStore(credentials) ? credentials : inMemory<Credential, Grant>(credentials);

  const present = async (
    signal: AbortSignal,
    share: (answer: SharedAnswer<Credential, Grant>) => void,
    logins: number,
  ): Promise<Outcome<Grant, Code>> => {
    const from = runtime.elapsed();
    const stored = await store.read();
    if (!stored) return { outcome: 'ended', code: 'no-credential' };
    const left = () => storedAnswer(stored, runtime.now())?.expiresIn;
    // Every attempt presents the same credential: the service repeats an answer that was lost. After
    // another tab has replaced the credential, a late attempt could make the service replace it again.
    const outcome = await withRetries(
      async (limit) =>
        sameCredential(await store.read(), stored)
          ? attempt(wire, url, stored.credential, runtime, limit)
          : ({ outcome: 'replaced' } as const),
      policy,
      runtime,
      signal,
      () => longestPause(left()),
    );
    const current = await store.read();
    if (outcome.outcome === 'replaced' || !sameCredential(current, stored)) {
      // Another tab's refresh, which the browser shows late: a login leaves no answer in the store.
      const other = newAnswer(stored, current, runtime.now(), runtime.elapsed() - from);
      if (other) return other;
      // A login or logout during the refresh takes precedence over its answer.
      return logins > 1
        ? present(signal, share, logins - 1)
        : { outcome: 'retry-later', cause: 'login' };
    }
    if (outcome.outcome === 'refreshed') {
      const { grant, expiresIn } = outcome;
      const credential = wire.next(stored.credential, grant);
      const next = { credential, last: { at: runtime.now(), grant, expiresIn } };
      await store.write(next);
      share({ before: { credential: stored.credential }, after: next });
      return outcome;
    }
    const expiresIn = left();
    if (outcome.outcome === 'ended' || expiresIn === undefined) return outcome;
    return { ...outcome, expiresIn };
  };
  const flight = singleFlight((signal) =>
    withTabLock(store, runtime, policy.totalMs, signal, (share) =>
      present(signal, share, mostLogins),
    ),
  );

  // By a clock that was set back, an old answer in the store looks young. Until the next refresh,
  // none is used.
  let called = { now: runtime.now(), elapsed: runtime.elapsed() };
  let isSetBack = false;
  return async ({ signal, maxAge } = {}) => {
    const { now, elapsed } = called;
    called = { now: runtime.now(), elapsed: runtime.elapsed() };
    isSetBack ||= called.now - now < called.elapsed - elapsed - 1000;
    if (maxAge !== undefined && !isSetBack) {
      const stored = await store.read();
      const age = (runtime.now() - (stored?.last?.at ?? Number.NaN)) / 1000;
      const answer = age <= maxAge && storedAnswer(stored, runtime.now());
      if (answer) return answer;
    }
    const outcome = await flight(signal);
    if (outcome.outcome === 'refreshed') isSetBack = false;
    return outcome;
  };
}

const standardPolicy: RetryPolicy = {
  attempts: 4,
  attemptMs: 10_000,
  totalMs: 30_000,
  firstPauseMs: 500,
  longestPauseMs: 8_000,
};

function isStore<Credential extends object, Grant>(
  given: Credential | CredentialStore<Credential, Grant>,
): given is CredentialStore<Credential, Grant> {
  return 'read' in given && typeof given.read === 'function';
}

/** After so many logins during one refresh it gives up. */
const mostLogins = 3;
