import type { CredentialStore, Kept } from './credentials.ts';
import type { Outcome } from './outcome.ts';
import type { Runtime } from './runtime.ts';
import { within } from './within.ts';

/**
 * Runs a refresh when no other tab is at one. A tab that waited for another's, and was so answered,
 * runs none of its own. Who gets no turn runs nevertheless: the service answers tabs that race alike.
 */
export async function inTurn<Credential, Grant, Code extends string>(
  store: CredentialStore<Credential, Grant>,
  { locks, now, elapsed, timer }: Runtime,
  waitMs: number,
  signal: AbortSignal,
  run: () => Promise<Outcome<Grant, Code>>,
): Promise<Outcome<Grant, Code>> {
  if (store.sharedAs === undefined || !locks) return run();
  const before = await store.read();
  const from = elapsed();
  const answered = async () =>
    answeredSince(before, await store.read(), now(), elapsed() - from) ?? run();
  let turn: Promise<Outcome<Grant, Code>> | undefined;
  const takeTurn = () => {
    turn = answered();
    return turn;
  };
  try {
    const name = `session-refresh ${store.sharedAs}`;
    // Once it is granted the signal no longer matters to the lock.
    return await within(waitMs, signal, timer, (waiting) =>
      locks.request(name, { signal: waiting }, takeTurn),
    );
  } catch {
    // A lock that is stolen rejects at once, while the turn goes on. Without a turn the lock was denied
    // or took too long; where it was the caller who aborted, `run` asks nobody either.
    return turn ?? run();
  }
}

/**
 * What another tab's refresh was answered since a store was read, if there was one: that is at most
 * `waited` milliseconds ago, whatever a clock says that was set back meanwhile.
 */
export function answeredSince<Grant>(
  before: Answered<Grant> | undefined,
  kept: Answered<Grant> | undefined,
  now: number,
  waited: number,
) {
  return kept?.last?.at === before?.last?.at ? undefined : answerKept(kept, now, waited);
}

/**
 * The last refresh's answer, as old as it is by now. Where the clock was set back since, its age is
 * `oldest` milliseconds, and without that nobody knows it.
 */
export function answerKept<Grant>(kept: Answered<Grant> | undefined, now: number, oldest?: number) {
  if (!kept?.last) return undefined;
  const { at, grant, expiresIn } = kept.last;
  const age = now < at ? oldest : now - at;
  if (age === undefined) return undefined;
  return { outcome: 'refreshed', grant, expiresIn: Math.max(0, expiresIn - age / 1000) } as const;
}

type Answered<Grant> = Pick<Kept<unknown, Grant>, 'last'>;
