import { type CredentialStore, type Kept, sameCredential } from './credentials.ts';
import { type Handed, handover } from './handover.ts';
import type { Outcome } from './outcome.ts';
import type { Runtime } from './runtime.ts';
import { within } from './within.ts';

/** A refresh. It tells what it was answered, so that the tabs that wait hear of it. */
export type Run<Credential, Grant, Code extends string> = (
  tell: (handed: Handed<Credential, Grant>) => void,
) => Promise<Outcome<Grant, Code>>;

/**
 * Runs a refresh when no other tab is at one. A tab that waited for another's, and was so answered,
 * runs none of its own. Who gets no turn runs nevertheless: the service answers tabs that race alike.
 */
export async function inTurn<Credential, Grant, Code extends string>(
  store: CredentialStore<Credential, Grant>,
  runtime: Runtime,
  waitMs: number,
  signal: AbortSignal,
  run: Run<Credential, Grant, Code>,
): Promise<Outcome<Grant, Code>> {
  const { locks, now, elapsed, timer } = runtime;
  if (store.sharedAs === undefined || !locks) return run(() => undefined);
  const name = `session-refresh ${store.sharedAs}`;
  const others = handover<Credential, Grant>(name, runtime);
  const from = elapsed();

  /** What another tab was answered meanwhile: by the store, which may show it late, or by word. */
  const answered = async (before: Kept<Credential, Grant> | undefined, waited: boolean) => {
    const since = (kept: typeof before) => answeredSince(before, kept, now(), elapsed() - from);
    const stored = since(await store.read());
    if (stored || !before || !waited) return stored;
    await others.turnOver();
    const heard = others.heardFor(before);
    const kept = await store.read();
    // A login or logout, which the store may show by now, wins over what was heard.
    const isTheirs = [before, heard].some((each) => kept && sameCredential(each, kept));
    return since(kept) ?? (isTheirs ? since(heard) : undefined);
  };

  let handed: Handed<Credential, Grant> | undefined;
  const ask = () => {
    others.sayBegun();
    return run((told) => {
      handed = told;
    });
  };
  let turn: Promise<Outcome<Grant, Code>> | undefined;
  try {
    const before = await store.read();
    const takeTurn = (waited: boolean) => {
      turn = answered(before, waited)
        .then((answer) => answer ?? ask())
        .finally(() => others.sayOver(handed));
      return turn;
    };
    return await within(waitMs, signal, timer, async (waiting) => {
      const first = await locks
        .request(name, { ifAvailable: true }, async (lock) =>
          lock === null ? undefined : takeTurn(false),
        )
        .catch(() => turn);
      // Once it is granted the signal no longer matters to the lock.
      return first ?? locks.request(name, { signal: waiting }, () => takeTurn(true));
    }).catch(() => {
      // A lock that is stolen rejects at once, while the turn goes on. Without a turn the lock was
      // denied or took too long; where it was the caller who aborted, this asks nobody either.
      return turn ?? ask();
    });
  } finally {
    others.close();
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
