import { secret } from '../session/secret.ts';
import { type Credential, sessionId } from '../session/session.ts';

/** The fields of a query or a body, by name. A map, since a field can be called `__proto__`. */
export type Fields = ReadonlyMap<string, unknown>;

/** A request in the form that contracts read. */
export interface WireRequest {
  /** Headers by their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /**
   * The decoded values of the query of a `form` contract; the first one of a repeated name. Empty for
   * other contracts: X-Ray records their URLs (infra/refresh-api.ts).
   */
  readonly query: Fields;
  /** The values of the body; empty if there is no body. */
  readonly body: Fields;
}

/**
 * The format of a contract's body. `form` also accepts the query, and a JSON object, and in it a
 * number as its text. `json` accepts a JSON object of any content type. `none` ignores the body.
 */
export type BodyFormat = 'form' | 'json' | 'none';

/** The credential in two fields; `undefined` unless they are a session id and a secret. */
export function credential(
  id: unknown,
  text: unknown,
): Pick<Credential, 'id' | 'secret'> | undefined {
  const validId = sessionId(id);
  const validSecret = secret(text);
  return validId && validSecret && { id: validId, secret: validSecret };
}
