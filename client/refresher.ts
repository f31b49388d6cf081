import { attempt } from './attempt.ts';
import { type CredentialStore, inMemory, sameCredential } from './credentials.ts';
import type { Handed } from './handover.ts';
import { answeredSince, answerKept, inTurn } from './in-turn.ts';
import type { Outcome } from './outcome.ts';
import { longestPause } from './pause.ts';
import { type Patience, retrying } from './retry.ts';
import { type Runtime, runtimeWith } from './runtime.ts';
import { singleFlight } from './single-flight.ts';
import type { Wire } from './wire.ts';

/** What a client of any contract is made of. */
export interface ClientOptions<Credential, Grant> {
  /** The address of the contract's route. */
  readonly url: string;
  /** What Login gave, or where it is kept. */
  readonly credentials: Credential | CredentialStore<Credential, Grant>;
  readonly patience?: Partial<Patience>;
  readonly runtime?: Partial<Runtime>;
}

/**
 * Refreshes the session. Concurrent calls are one request. It rejects with the reason of its signal,
 * or with what the store threw, and otherwise never.
 */
export type Refresh<Grant, Code extends string> = (
  options?: RefreshOptions,
) => Promise<Outcome<Grant, Code>>;

/** How one refresh is wanted. */
export interface RefreshOptions {
  readonly signal?: AbortSignal;
  /** Seconds: the answer to a refresh, of whichever tab, that is no older will do. */
  readonly maxAge?: number;
}

/** A contract's client. */
export function refresher<Credential extends object, Grant, Code extends string>(
  wire: Wire<Credential, Grant, Code>,
  { url, credentials, ...options }: ClientOptions<Credential, Grant>,
): Refresh<Grant, Code> {
  const runtime = runtimeWith(options.runtime);
  const patience = { ...standard, ...options.patience };
  const store = isStore(credentials) ? credentials : inMemory<Credential, Grant>(credentials);

  const present = async (
    signal: AbortSignal,
    tell: (handed: Handed<Credential, Grant>) => void,
    rounds: number,
  ): Promise<Outcome<Grant, Code>> => {
    const from = runtime.elapsed();
    const kept = await store.read();
    if (!kept) return { outcome: 'ended', code: 'no-credential' };
    const left = () => answerKept(kept, runtime.now())?.expiresIn;
    // Every attempt presents the same credential: the service repeats an answer that was lost. Once
    // another tab has replaced it, a late attempt could make the service replace the new one as well.
    const outcome = await retrying(
      async (limit) =>
        sameCredential(await store.read(), kept)
          ? attempt(wire, url, kept.credential, runtime, limit)
          : ({ outcome: 'replaced' } as const),
      patience,
      runtime,
      signal,
      () => longestPause(left()),
    );
    const since = await store.read();
    if (outcome.outcome === 'replaced' || !sameCredential(since, kept)) {
      // Another tab's refresh, which the browser shows late: a login leaves no answer behind.
      const theirs = answeredSince(kept, since, runtime.now(), runtime.elapsed() - from);
      if (theirs) return theirs;
      // Whoever logged in or out meanwhile is not to have it undone, nor to get another's answer.
      return rounds > 1
        ? present(signal, tell, rounds - 1)
        : { outcome: 'retry-later', cause: 'login' };
    }
    if (outcome.outcome === 'refreshed') {
      const { grant, expiresIn } = outcome;
      const credential = wire.next(kept.credential, grant);
      const next = { credential, last: { at: runtime.now(), grant, expiresIn } };
      await store.write(next);
      tell({ was: { credential: kept.credential }, now: next });
      return outcome;
    }
    const expiresIn = left();
    if (outcome.outcome === 'ended' || expiresIn === undefined) return outcome;
    return { ...outcome, expiresIn };
  };
  const flight = singleFlight((signal) =>
    inTurn(store, runtime, patience.totalMs, signal, (tell) => present(signal, tell, mostLogins)),
  );

  // By a clock that was set back, an old answer in the store looks young: until a refresh, none counts.
  let called = { now: runtime.now(), elapsed: runtime.elapsed() };
  let isSetBack = false;
  return async ({ signal, maxAge } = {}) => {
    const { now, elapsed } = called;
    called = { now: runtime.now(), elapsed: runtime.elapsed() };
    isSetBack ||= called.now - now < called.elapsed - elapsed - 1000;
    if (maxAge !== undefined && !isSetBack) {
      const kept = await store.read();
      const age = (runtime.now() - (kept?.last?.at ?? Number.NaN)) / 1000;
      const answer = age <= maxAge && answerKept(kept, runtime.now());
      if (answer) return answer;
    }
    const outcome = await flight(signal);
    if (outcome.outcome === 'refreshed') isSetBack = false;
    return outcome;
  };
}

const standard: Patience = {
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

/** How often somebody may log in during one refresh before it gives up. */
const mostLogins = 3;
