import { type CredentialStore, type Stored, sameCredential } from './credentials.ts';
import type { Outcome } from './outcome.ts';
import type { Runtime } from './runtime.ts';
import { newAnswer } from './stored-answer.ts';
import { type SharedAnswer, tabChannel } from './tab-channel.ts';
import { withTimeLimit } from './time-limit.ts';

/** A refresh. It passes its answer to `share`, so that the waiting tabs receive it. */
export type Run<Credential, Grant, Code extends string> = (
  share: (answer: SharedAnswer<Credential, Grant>) => void,
) => Promise<Outcome<Grant, Code>>;

/**
 * Runs a refresh while no other tab runs one. A tab that waited takes the other's answer and sends no
 * request. A tab that does not get the lock runs its refresh all the same: the service gives tabs that
 * race the same answer.
 */
export async function withTabLock<Credential, Grant, Code extends string>(
  store: CredentialStore<Credential, Grant>,
  runtime: Runtime,
  waitMs: number,
  signal: AbortSignal,
  run: Run<Credential, Grant, Code>,
): Promise<Outcome<Grant, Code>> {
  const { locks, now, elapsed, timer } = runtime;
  if (store.sharedAs === undefined || !locks) return run(() => undefined);
  const name = `session-refresh ${store.sharedAs}`;
  const others = tabChannel<Credential, Grant>(name, runtime);
  const from = elapsed();

  /** The answer that another tab got meanwhile, from the store, which may be late, or by message. */
  const answerOfOther = async (before: Stored<Credential, Grant> | undefined, waited: boolean) => {
    const since = (stored: typeof before) => newAnswer(before, stored, now(), elapsed() - from);
    const answer = since(await store.read());
    if (answer || !before || !waited) return answer;
    await others.otherFinished();
    const received = others.answerFor(before);
    const stored = await store.read();
    // A login or logout that the store shows by now takes precedence over the message.
    const isSameLogin = [before, received].some((each) => stored && sameCredential(each, stored));
    return since(stored) ?? (isSameLogin ? since(received) : undefined);
  };

  let shared: SharedAnswer<Credential, Grant> | undefined;
  const ask = () => {
    others.announceStart();
    return run((answer) => {
      shared = answer;
    });
  };
  let turn: Promise<Outcome<Grant, Code>> | undefined;
  try {
    const before = await store.read();
    const takeTurn = (waited: boolean) => {
      turn = answerOfOther(before, waited)
        .then((answer) => answer ?? ask())
        .finally(() => others.announceEnd(shared));
      return turn;
    };
    return await withTimeLimit(waitMs, signal, timer, async (waiting) => {
      const first = await locks.request(name, { ifAvailable: true }, async (lock) =>
        lock === null ? undefined : takeTurn(false),
      );
      // Once the lock is granted, its signal has no effect any more.
      return first ?? locks.request(name, { signal: waiting }, () => takeTurn(true));
    }).catch(() => {
      // A stolen lock rejects at once, while the refresh goes on. Without one, the lock was denied or
      // took too long. If the caller aborted, `run` sends nothing either.
      return turn ?? ask();
    });
  } finally {
    others.close();
  }
}
