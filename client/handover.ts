import { type Kept, sameCredential } from './credentials.ts';
import type { Runtime } from './runtime.ts';
import { isNumber, isObject } from './wire.ts';

/** A refresh's answer, as the tab that asked hands it to those that wait for their turn. */
export interface Handed<Credential, Grant> {
  /** What the store had: the credential that was presented. */
  readonly was: Pick<Kept<Credential, Grant>, 'credential'>;
  /** What it has now. */
  readonly now: Kept<Credential, Grant>;
}

/** What a tab hears of the others that share its store, and says to them. */
export interface Handover<Credential, Grant> {
  /** The newest answer to this credential that was heard, if any. */
  heardFor(kept: Kept<Credential, Grant>): Kept<Credential, Grant> | undefined;
  /** Waits until the other tab's turn is known to be over, but no longer than `handoverMs`. */
  turnOver(): Promise<void>;
  /** Says that this tab asks. */
  sayBegun(): void;
  /** Says that this tab's turn is over, and what it was answered, if it was. */
  sayOver(handed: Handed<Credential, Grant> | undefined): void;
  close(): void;
}

/**
 * Listens to other tabs from now on. A browser may show a tab what another one stored only after it
 * has freed its lock, where the two are in different processes; a message arrives sooner.
 */
export function handover<Credential, Grant>(
  name: string,
  { channel, timer }: Pick<Runtime, 'channel' | 'timer'>,
): Handover<Credential, Grant> {
  const answers: Handed<Credential, Grant>[] = [];
  let isOver = false;
  let wake = () => {};
  const open = opened(channel, name, (message) => {
    if (isHanded<Credential, Grant>(message)) answers.push(message);
    isOver = !isObject(message) || message.begun !== true;
    if (isOver) wake();
  });
  const say = (message: object) => {
    try {
      open?.say(message);
    } catch {
      // It holds what cannot be copied: the others have the store.
    }
  };
  return {
    heardFor: (kept) => answers.filter(({ was }) => sameCredential(was, kept)).at(-1)?.now,
    turnOver: () =>
      new Promise((resolve) => {
        if (isOver || !open) return resolve();
        const stop = timer(handoverMs, resolve);
        wake = () => {
          stop();
          resolve();
        };
      }),
    sayBegun: () => say({ begun: true }),
    sayOver: (handed) => say(handed ?? {}),
    close: () => open?.close(),
  };
}

/** A message takes milliseconds. A tab that was closed in its turn sends none. */
const handoverMs = 250;

function opened(channel: Runtime['channel'], name: string, hear: (message: unknown) => void) {
  try {
    return channel?.(name, hear);
  } catch {
    // A page without an origin of its own has none.
    return undefined;
  }
}

/** Any script of the origin may send a message. */
function isHanded<Credential, Grant>(message: unknown): message is Handed<Credential, Grant> {
  if (!isObject(message) || !isObject(message.was) || !isObject(message.now)) return false;
  const { credential, last } = message.now;
  if (!isObject(message.was.credential) || !isObject(credential) || !isObject(last)) return false;
  return isNumber(last.at) && isNumber(last.expiresIn) && isObject(last.grant);
}
