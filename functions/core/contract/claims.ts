import { DamagedRow } from '../session/row.ts';
import type { Claims, LoggedInSession } from '../session/session.ts';
import { type Members, members } from './json-text.ts';

/**
 * The members of a session's claims. `written` is how its contract writes claims: text that is not
 * exactly what it writes came from somewhere else, and no answer is made of it.
 * @throws DamagedRow where the claims are not in the contract's form
 */
export function claimsMembers(
  { claims }: Pick<LoggedInSession, 'claims'>,
  written: (given: Members) => Claims | undefined,
): Members {
  const found = parsed(claims);
  if (found === undefined || written(found) !== claims)
    throw new DamagedRow('claims are not in the form of the contract');
  return found;
}

function parsed(text: string): Members | undefined {
  try {
    return members(text);
  } catch {
    return undefined;
  }
}
