import { sessionOwners } from '../contracts.ts';
import type { Contract } from '../core/contract/contract.ts';
import { members } from '../core/contract/json-text.ts';
import type { Policy } from '../core/session/policy.ts';
import { shortestGrace } from '../core/session/rotation.ts';
import { newSecret, secret } from '../core/session/secret.ts';
import type { Secret } from '../core/session/session.ts';
import { type Claims, type SessionId, sessionId } from '../core/session/session.ts';

/** The input of a command, from the CLI or from a Lambda's event. Untrusted. */
export interface Input {
  readonly contract?: unknown;
  readonly sessionId?: unknown;
  readonly subject?: unknown;
  /** JSON text, so that no parser changes a number or the order of members. */
  readonly claims?: unknown;
  readonly secret?: unknown;
  readonly anonymous?: unknown;
  readonly tokenLifetime?: unknown;
  /** For `import`: the lines of a file, each the JSON of a session. */
  readonly lines?: unknown;
  readonly dryRun?: unknown;
}

/** A valid value, or a sentence for the caller that does not quote the input. */
export type Read<Value> = { readonly value: Value } | { readonly problem: string };

/** The values of several fields, or the first problem. */
export function all<Values extends Record<string, unknown>>(
  readings: {
    readonly [Name in keyof Values]: Read<Values[Name]>;
  },
): Read<Values> {
  const value: Record<string, unknown> = {};
  for (const [name, reading] of Object.entries<Read<unknown>>(readings)) {
    if ('problem' in reading) return reading;
    value[name] = reading.value;
  }
  return { value: value as Values };
}

/** The contract that the input names. */
export function readContract({ contract }: Input): Read<Contract> {
  const found = sessionOwners.find(({ name }) => name === contract);
  const names = sessionOwners.map(({ name }) => name).join(', ');
  return found ? { value: found } : { problem: `there is no such contract; there are ${names}` };
}

/** A valid session id. */
export function readSessionId(input: Input): Read<SessionId> {
  const id = sessionId(input.sessionId);
  return id ? { value: id } : { problem: 'a session id is 1 to 128 of A-Z a-z 0-9 . _ -' };
}

/** A subject: 1 to 256 characters. */
export function readSubject({ subject }: Input): Read<string> {
  return typeof subject === 'string' && /^[^\p{Cc}\p{Cs}]{1,256}$/u.test(subject)
    ? { value: subject }
    : { problem: 'a subject is 1 to 256 characters, none of them a control character' };
}

/** The given secret, which another system issued, or a new one. */
export function readSecret({ secret: given }: Input): Read<Secret> {
  if (given === undefined) return { value: newSecret() };
  const value = secret(given);
  return value && /^[\x20-\x7e]{1,2048}$/.test(value)
    ? { value }
    : { problem: 'a secret is 1 to 2048 characters of printable ASCII' };
}

/** The lifetime of a token in seconds, at most that of the session. */
export function readTokenLifetime(
  { tokenLifetime }: Input,
  { name }: Contract,
  policy: Policy,
): Read<number> {
  if (typeof policy.idle === 'number')
    return { problem: `sessions of ${name} have no token lifetime` };
  return typeof tokenLifetime === 'number' &&
    Number.isInteger(tokenLifetime) &&
    tokenLifetime >= shortestToken &&
    tokenLifetime <= policy.lifetime
    ? { value: tokenLifetime }
    : { problem: `a token lifetime is ${shortestToken} to ${policy.lifetime} whole seconds` };
}

/**
 * With rotation, a refresh can return the same token again during the grace period, so the token
 * must live longer than that period.
 */
const shortestToken = 2 * shortestGrace;

/** The claims in the form in which the contract's rows store them. */
export function readClaims(
  { claims }: Input,
  { name, opening: { defaultClaims, claimsFormat, claims: read } }: Contract,
  person: { readonly subject: string; readonly secret: Secret },
): Read<Claims> {
  const text = claims === undefined ? defaultClaims : claims;
  const problem = `claims of ${name} are JSON: ${claimsFormat}`;
  // UTF-8 cannot encode a lone surrogate, so the client would get a different text.
  if (typeof text !== 'string' || !text.isWellFormed()) return { problem };
  if (Buffer.byteLength(text) > mostBytes) return { problem: 'claims are at most 256 kB' };
  try {
    const value = read(members(text), person);
    return value === undefined ? { problem } : { value };
  } catch {
    // The parser's error is dropped, because it quotes the text.
    return { problem };
  }
}

/** DynamoDB limits a whole item to 400 kB. */
const mostBytes = 256 * 1024;
