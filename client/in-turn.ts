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
  { locks, now }: Runtime,
  waitMs: number,
  signal: AbortSignal,
  run: () => Promise<Outcome<Grant, Code>>,
): Promise<Outcome<Grant, Code>> {
  if (store.sharedAs === undefined || !locks) return run();
  const before = await store.read();
  let hasTurn = false;
  const takeTurn = async () => {
    hasTurn = true;
    return answeredSince(before, await store.read(), now()) ?? run();
  };
  try {
    const name = `session-refresh ${store.sharedAs}`;
    // Once it is granted the signal no longer matters to the lock.
    return await within(waitMs, signal, (waiting) =>
      locks.request(name, { signal: waiting }, takeTurn),
    );
  } catch (error) {
    if (hasTurn) throw error;
    // Where it was the caller who aborted, this asks nobody either.
    return run();
  }
}

/** What another tab's refresh was answered since a store was read, if there was one. */
export function answeredSince<Grant>(
  before: Answered<Grant> | undefined,
  kept: Answered<Grant> | undefined,
  now: number,
) {
  return kept?.last?.at === before?.last?.at ? undefined : answerKept(kept, now);
}

/** The last refresh's answer, as old as it is by now. */
export function answerKept<Grant>(kept: Answered<Grant> | undefined, now: number) {
  if (!kept?.last) return undefined;
  const { at, grant, expiresIn } = kept.last;
  const left = Math.max(0, expiresIn - (now - at) / 1000);
  return { outcome: 'refreshed', grant, expiresIn: left } as const;
}

type Answered<Grant> = Pick<Kept<unknown, Grant>, 'last'>;
