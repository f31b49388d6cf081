/** Where a credential is kept between refreshes. All that is in it is secret. */
export interface CredentialStore<Credential, Grant> {
  /**
   * What tabs that share this store call it: the name of the lock they take turns by. A store that
   * nobody shares has none.
   */
  readonly sharedAs?: string;
  /** Nothing where nobody is logged in. */
  read(): Kept<Credential, Grant> | undefined | Promise<Kept<Credential, Grant> | undefined>;
  write(kept: Kept<Credential, Grant>): void | Promise<void>;
}

/** What a store keeps: plain data, so that it may be kept as JSON. A login writes `{ credential }`. */
export interface Kept<Credential, Grant> {
  readonly credential: Credential;
  /** The last refresh, of whichever tab: one that waited for it has its answer here. */
  readonly last?: {
    /** When it was answered, by this machine's clock, in epoch milliseconds. */
    readonly at: number;
    readonly grant: Grant;
    readonly expiresIn: number;
  };
}

/**
 * A store as long-lived as the page or the process.
 * @example
 * import { type EosStore, eos } from '@session-refresh/client/eos';
 * import { inMemory } from '@session-refresh/client/credentials';
 *
 * const credentials: EosStore = inMemory();
 * const refresh = eos({ url: `${host}/client/refresh`, credentials });
 * await credentials.write({ credential: { sessionId, secureCode } }); // at login
 * const said = await refresh();
 */
export function inMemory<Credential, Grant>(
  credential?: Credential,
): CredentialStore<Credential, Grant> {
  let kept: Kept<Credential, Grant> | undefined = credential && { credential };
  return {
    read: () => kept,
    write: (next) => {
      kept = next;
    },
  };
}

/**
 * A store in `localStorage`, say, that all tabs of an origin share. Every script of the page can read
 * it. What another has put there instead counts as nothing.
 * @example
 * import { type CcstoreStore, ccstore } from '@session-refresh/client/ccstore';
 * import { inStorage } from '@session-refresh/client/credentials';
 *
 * const credentials: CcstoreStore = inStorage(localStorage, 'session');
 * await credentials.write({ credential: { accessToken } }); // at login
 * const refresh = ccstore({ url: `${host}/ccstore/v1/refresh`, credentials });
 */
export function inStorage<Credential, Grant>(
  storage: Pick<Storage, 'getItem' | 'setItem'>,
  key: string,
): CredentialStore<Credential, Grant> {
  return {
    sharedAs: key,
    read: () => keptIn(storage.getItem(key)),
    write: (kept) => storage.setItem(key, JSON.stringify(kept)),
  };
}

function keptIn<Credential, Grant>(text: string | null): Kept<Credential, Grant> | undefined {
  try {
    const value = JSON.parse(text ?? 'null');
    return typeof value?.credential === 'object' && value.credential ? value : undefined;
  } catch {
    // The parser's own error quotes the text.
    return undefined;
  }
}

/** Whether two stores keep the same credential. */
export function sameCredential(
  one: Pick<Kept<unknown, unknown>, 'credential'> | undefined,
  other: Pick<Kept<unknown, unknown>, 'credential'> | undefined,
): boolean {
  return JSON.stringify(one?.credential) === JSON.stringify(other?.credential);
}
