import { secret } from '../../functions/core/session/secret.ts';
import {
  type Claims,
  type RowKey,
  rowKey,
  type Secret,
  type SessionId,
  sessionId,
} from '../../functions/core/session/session.ts';

/** A text as a secret. */
export function secretOf(text: string): Secret {
  const made = secret(text);
  if (!made) throw new Error(`${JSON.stringify(text)} is no secret`);
  return made;
}

/** A text as a session id. */
export function sessionIdOf(text: string): SessionId {
  const made = sessionId(text);
  if (!made) throw new Error(`${JSON.stringify(text)} is no session id`);
  return made;
}

/** The key of a contract's row. */
export function rowOf(contract: string, id: string): RowKey {
  return rowKey(contract, sessionIdOf(id));
}

/** A text as claims; whether it has a contract's form is another matter. */
export function claimsOf(text: string): Claims {
  return text as Claims;
}
