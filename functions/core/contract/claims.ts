import { DamagedRow } from '../session/row.ts';
import type { Claims, LoggedInSession } from '../session/session.ts';
import { type Members, members } from './json-text.ts';

/**
 * The members of a session's claims. `write` is how the contract writes claims at `open` and
 * `login`. If it would write them differently, the row was damaged or comes from another writer.
 * @throws DamagedRow if the claims are not in the contract's form
 */
export function claimsMembers(
  { claims }: Pick<LoggedInSession, 'claims'>,
  write: (given: Members) => Claims | undefined,
): Members {
  const found = parsed(claims);
  if (found === undefined || write(found) !== claims)
    throw new DamagedRow('claims are not in the form of the contract');
  return found;
}

function parsed(text: string): Members | undefined {
  let found: Members | undefined;
  try {
    found = members(text);
  } catch {
    // Not a JSON object.
  }
  return found;
}
