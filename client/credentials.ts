/** Where a credential is stored between refreshes. Everything in it is secret. */
export interface CredentialStore<Credential, Grant> {
  /**
   * The name that tabs use for this store when they share it: they lock by it, so that one of them
   * refreshes at a time. Absent where nothing else uses the store.
   */
  readonly sharedAs?: string;
  /** Returns nothing where nobody is logged in. */
  read(): Stored<Credential, Grant> | undefined | Promise<Stored<Credential, Grant> | undefined>;
  write(stored: Stored<Credential, Grant>): void | Promise<void>;
}

/** The contents of a store: plain data that can be stored as JSON. A login writes `{ credential }`. */
export interface Stored<Credential, Grant> {
  readonly credential: Credential;
  /** The last answer to a refresh, in any tab. A tab that waited for another one takes it from here. */
  readonly last?: {
    /** When it arrived, by this machine's clock, in epoch milliseconds. */
    readonly at: number;
    readonly grant: Grant;
    /** Seconds that it was good for when it arrived. */
    readonly expiresIn: number;
  };
}

/**
 * A store that lives as long as the page or the process.
 * @example
 * import { type EosStore, eos } from '@session-refresh/client/eos';
 * import { inMemory } from '@session-refresh/client/credentials';
 *
 * const credentials: EosStore = inMemory();
 * const refresh = eos({ url: `${host}/client/refresh`, credentials });
 * await credentials.write({ credential: { sessionId, secureCode } }); // at login
 * const result = await refresh();
 */
export function inMemory<Credential, Grant>(
  credential?: Credential,
): CredentialStore<Credential, Grant> {
  let stored: Stored<Credential, Grant> | undefined = credential && { credential };
  return {
    read: () => stored,
    write: (next) => {
      stored = next;
    },
  };
}

/**
 * A store in `localStorage`, for example, that all tabs of an origin share. Every script of the page
 * can read it. A value of another form counts as an empty store.
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
    read: () => parseStored(storage.getItem(key)),
    write: (stored) => storage.setItem(key, JSON.stringify(stored)),
  };
}

function parseStored<Credential, Grant>(
  text: string | null,
): Stored<Credential, Grant> | undefined {
  try {
    const value = JSON.parse(text ?? 'null');
    return typeof value?.credential === 'object' && value.credential ? value : undefined;
  } catch {
    // The parser's error quotes the text, so it goes nowhere.
    return undefined;
  }
}

/** Whether two stores hold the same credential. */
export function sameCredential(
  one: Pick<Stored<unknown, unknown>, 'credential'> | undefined,
  other: Pick<Stored<unknown, unknown>, 'credential'> | undefined,
): boolean {
  return JSON.stringify(one?.credential) === JSON.stringify(other?.credential);
}
