import { claimsMembers } from '../core/contract/claims.ts';
import type { LoggedIn } from '../core/contract/contract.ts';
import { acmeClaims } from './claims.ts';

/** A refreshed session on the wire. `tools` is given back as the text that the login stored. */
export function sessionBody({ session, secret, expiresAt }: LoggedIn): string {
  const tools = claimsMembers(session, acmeClaims).texts.get('tools');
  return `{"token":${JSON.stringify(secret)},"expiresAt":${expiresAt},"tools":${tools}}`;
}
