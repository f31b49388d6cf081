import { type Stored, sameCredential } from './credentials.ts';
import type { Runtime } from './runtime.ts';
import { isNumber, isObject } from './wire.ts';

/** The answer to a refresh, as the tab that asked sends it to the waiting tabs. */
export interface SharedAnswer<Credential, Grant> {
  /** The contents of the store with the credential that was presented. */
  readonly before: Pick<Stored<Credential, Grant>, 'credential'>;
  /** The contents of the store since the answer. */
  readonly after: Stored<Credential, Grant>;
}

/** The messages between the tabs that share a store. */
export interface TabChannel<Credential, Grant> {
  /** The newest answer that another tab received for this credential. */
  answerFor(stored: Stored<Credential, Grant>): Stored<Credential, Grant> | undefined;
  /** Resolves when the other tab has finished, or after `longestWaitMs`. */
  otherFinished(): Promise<void>;
  /** Tells the others that this tab starts a refresh. */
  announceStart(): void;
  /** Tells the others that this tab has finished, with the answer if there is one. */
  announceEnd(answer: SharedAnswer<Credential, Grant> | undefined): void;
  close(): void;
}

/**
 * Listens to the other tabs from now on. A browser may show a tab late what a tab in another process
 * has stored, even after that one has released its lock. A message arrives sooner.
 */
export function tabChannel<Credential, Grant>(
  name: string,
  { channel, timer }: Pick<Runtime, 'channel' | 'timer'>,
): TabChannel<Credential, Grant> {
  const answers: SharedAnswer<Credential, Grant>[] = [];
  let isFinished = false;
  let wake = () => {};
  const open = openChannel(channel, name, (message) => {
    if (isAnswer<Credential, Grant>(message)) answers.push(message);
    isFinished = !isObject(message) || message.started !== true;
    if (isFinished) wake();
  });
  const post = (message: object) => {
    try {
      open?.post(message);
    } catch {
      // A store may hold what cannot be copied. The other tabs then read the store.
    }
  };
  return {
    answerFor: (stored) =>
      answers.filter(({ before }) => sameCredential(before, stored)).at(-1)?.after,
    otherFinished: () =>
      new Promise((resolve) => {
        if (isFinished || !open) return resolve();
        const stop = timer(longestWaitMs, resolve);
        wake = () => {
          stop();
          resolve();
        };
      }),
    announceStart: () => post({ started: true }),
    announceEnd: (answer) => post(answer ?? {}),
    close: () => open?.close(),
  };
}

/** A message takes milliseconds. A tab that is closed during its refresh sends none. */
const longestWaitMs = 250;

function openChannel(
  channel: Runtime['channel'],
  name: string,
  onMessage: (message: unknown) => void,
) {
  try {
    return channel?.(name, onMessage);
  } catch {
    // A page with an opaque origin may open none.
    return undefined;
  }
}

/** Untrusted input: any script of the origin can send a message. */
function isAnswer<Credential, Grant>(message: unknown): message is SharedAnswer<Credential, Grant> {
  if (!isObject(message) || !isObject(message.before) || !isObject(message.after)) return false;
  const { credential, last } = message.after;
  if (!isObject(message.before.credential) || !isObject(credential) || !isObject(last))
    return false;
  return isNumber(last.at) && isNumber(last.expiresIn) && isObject(last.grant);
}
