import type { Contract } from '../core/contract/contract.ts';
import { members } from '../core/contract/json-text.ts';
import type { ForeignSession } from '../core/session/import.ts';
import type { Policy } from '../core/session/policy.ts';
import { type EpochSeconds, epochSeconds } from '../core/time.ts';
import {
  all,
  type Input,
  type Read,
  readContract,
  readSessionId,
  readTokenLifetime,
} from './fields.ts';
import { readPerson } from './input.ts';

/** The members that a line may have. */
export const lineMembers = [
  'id',
  'subject',
  'secret',
  'claims',
  'openedAt',
  'idleUntil',
  'endsAt',
  'tokenLifetime',
] as const;

/** A batch of lines to import. */
export interface Batch {
  readonly contract: Contract;
  readonly lines: readonly string[];
  /** Whether to check only, and write nothing. */
  readonly dryRun: boolean;
}

/** The input of `import`. */
export function readImport({ lines, dryRun = false, ...input }: Input): Read<Batch> {
  const named = readContract(input);
  if ('problem' in named) return named;
  if (!Array.isArray(lines) || !lines.every((line) => typeof line === 'string'))
    return { problem: 'lines is an array of texts, each the JSON of a session' };
  if (typeof dryRun !== 'boolean') return { problem: 'dryRun is true or false' };
  return { value: { contract: named.value, lines, dryRun } };
}

/** Reads the session in a line. The claims keep their JSON text. */
export function readLine(
  line: string,
  contract: Contract,
  policy: Policy,
  now: EpochSeconds,
): Read<ForeignSession> {
  const given = parsed(line);
  if (!given) return { problem: 'a line is a JSON object' };
  const { values, texts } = given;
  const known = new Set<string>(lineMembers);
  if (!Object.keys(values).every((name) => known.has(name)))
    return { problem: `a session has ${lineMembers.join(', ')}` };
  const { id, subject, secret = null, openedAt, idleUntil, endsAt } = values;
  // Subject and secret have no default here: the client of an imported session already holds its
  // secret.
  const person = { subject, secret, ...(texts.has('claims') && { claims: texts.get('claims') }) };
  return all({
    id: readSessionId({ sessionId: id }),
    person: readPerson(person, contract),
    openedAt: readPast('openedAt', openedAt, now),
    idleUntil:
      typeof policy.idle === 'number' || idleUntil === undefined
        ? readTime('idleUntil', idleUntil)
        : { problem: `sessions of ${contract.name} have no idleUntil; their token ends them` },
    endsAt: readTime('endsAt', endsAt),
    tokenLifetime:
      values.tokenLifetime === undefined ? absent : readTokenLifetime(values, contract, policy),
  });
}

const absent: Read<undefined> = { value: undefined };

function readPast(name: string, given: unknown, now: EpochSeconds): Read<EpochSeconds | undefined> {
  const read = readTime(name, given);
  if ('problem' in read || read.value === undefined || read.value <= now) return read;
  return { problem: `${name} is later than now` };
}

function readTime(name: string, given: unknown): Read<EpochSeconds | undefined> {
  if (given === undefined) return absent;
  return typeof given === 'number' && Number.isInteger(given) && given >= 0 && given < year5138
    ? { value: epochSeconds(given) }
    : { problem: `${name} is whole seconds since 1970 (not milliseconds)` };
}

/** A larger number is probably a time in milliseconds. */
const year5138 = 100_000_000_000;

function parsed(line: string): ReturnType<typeof members> | undefined {
  try {
    return members(line);
  } catch {
    // The parser's error is dropped, because it quotes the line.
    return undefined;
  }
}
