import { secret } from '../session/secret.ts';
import { type Credential, sessionId } from '../session/session.ts';

/** The fields of a query or a body, by name. A map, since a field may be called `__proto__`. */
export type Fields = ReadonlyMap<string, unknown>;

/** A request as the contracts read it. */
export interface WireRequest {
  /** Headers by their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** The query's values, decoded; the first of a repeated name. */
  readonly query: Fields;
  /** The body's values as its format gives them; empty where there is no body. */
  readonly body: Fields;
}

/**
 * How a contract's body is written. `form` takes a JSON object too, and a number in it as its text. `json`
 * takes a JSON object of any content type. `none` reads no body at all.
 */
export type BodyFormat = 'form' | 'json' | 'none';

/** The credential in two fields; nothing unless they are a session id of the grammar and a secret. */
export function credential(
  id: unknown,
  proof: unknown,
): Pick<Credential, 'id' | 'secret'> | undefined {
  const named = sessionId(id);
  const proven = secret(proof);
  return named && proven && { id: named, secret: proven };
}
