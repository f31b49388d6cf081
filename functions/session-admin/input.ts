import type { Contract } from '../core/contract/contract.ts';
import type { Policy } from '../core/session/policy.ts';
import type { NewSession, Person } from '../core/session/registry.ts';
import { newSessionId } from '../core/session/session.ts';
import {
  all,
  type Input,
  type Read,
  readClaims,
  readContract,
  readSecret,
  readSessionId,
  readSubject,
  readTokenLifetime,
} from './fields.ts';

/** The fields that each command takes. */
export const inputs = {
  open: ['contract', 'subject', 'claims', 'sessionId', 'secret', 'anonymous', 'tokenLifetime'],
  login: ['contract', 'sessionId', 'subject', 'claims', 'secret'],
  show: ['contract', 'sessionId'],
  list: ['contract', 'subject'],
  revoke: ['contract', 'sessionId'],
  'revoke-all': ['contract', 'subject'],
  import: ['contract', 'lines', 'dryRun'],
} as const satisfies Record<string, readonly (keyof Input)[]>;

/** A session to open. */
export interface OpenInput extends NewSession {
  readonly contract: Contract;
}

/** The input of `open`. */
export function readOpen(input: Input, policy: (contract: Contract) => Policy): Read<OpenInput> {
  const id = input.sessionId === undefined ? { value: newSessionId() } : readSessionId(input);
  const named = all({ contract: readContract(input), id });
  if ('problem' in named) return named;
  const { contract } = named.value;
  if (input.anonymous !== undefined && typeof input.anonymous !== 'boolean')
    return { problem: 'anonymous is true or false' };
  if (input.anonymous) return readAnonymous(input, named.value);
  // Without a subject, the session id becomes the subject, so the session is in no other subject's
  // list.
  const person = readPerson({ subject: named.value.id, ...given(input) }, contract);
  if (input.tokenLifetime === undefined) return all({ ...values(named.value), person });
  const tokenLifetime = readTokenLifetime(input, contract, policy(contract));
  return all({ ...values(named.value), person, tokenLifetime });
}

/** The input of `login`. */
export function readLogin(input: Input): Read<Required<Omit<OpenInput, 'tokenLifetime'>>> {
  const named = readSession(input);
  if ('problem' in named) return named;
  return all({ ...values(named.value), person: readPerson(input, named.value.contract) });
}

/** The session that a command is for. */
export function readSession(input: Input): Read<Pick<OpenInput, 'contract' | 'id'>> {
  return all({ contract: readContract(input), id: readSessionId(input) });
}

/** The subject whose sessions a command is for. */
export function readSubjects(input: Input): Read<{ contract: Contract; subject: string }> {
  return all({ contract: readContract(input), subject: readSubject(input) });
}

function readAnonymous(
  { subject, claims, secret, tokenLifetime }: Input,
  named: Pick<OpenInput, 'contract' | 'id'>,
): Read<OpenInput> {
  if (!named.contract.opening.anonymous)
    return { problem: `sessions of ${named.contract.name} are never anonymous` };
  const someone = [subject, claims, secret, tokenLifetime].some((value) => value !== undefined);
  return someone
    ? { problem: 'an anonymous session has no subject, claims, secret or token lifetime' }
    : { value: named };
}

/** The person who is logged in to a session, with secret and claims. */
export function readPerson(input: Input, contract: Contract): Read<Person> {
  const known = all({ subject: readSubject(input), secret: readSecret(input) });
  if ('problem' in known) return known;
  const claims = readClaims(input, contract, known.value);
  return 'problem' in claims ? claims : { value: { ...known.value, claims: claims.value } };
}

/** The fields that have a value. An option that was not typed can be present as `undefined`. */
function given(input: Input): Input {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

function values({ contract, id }: Pick<OpenInput, 'contract' | 'id'>) {
  return { contract: { value: contract }, id: { value: id } };
}
