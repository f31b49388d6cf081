import {
  type ForeignSession,
  type Imported,
  type Importer,
  importer,
} from '../core/session/import.ts';
import { StorageUnavailable } from '../core/session/table.ts';
import type { EpochSeconds } from '../core/time.ts';
import { type Command, done, inFlight, invalid } from './command.ts';
import type { Read } from './fields.ts';
import { readImport, readLine } from './import-input.ts';
import { secretUsed } from './open.ts';

/**
 * The outcome of one line. `unavailable` means that storage did not answer, and the line may be
 * sent again. `problem` is a sentence that does not quote the line.
 */
export type LineOutcome =
  | 'imported'
  | 'unchanged'
  | 'over'
  | 'unavailable'
  | { readonly problem: string };

/**
 * Imports a batch of sessions from another system. Each line is the JSON of one session. An
 * existing session is never overwritten, so a batch may be sent again. The answer has an outcome
 * for each line, in order.
 */
export const importSessions: Command = async (input, services) => {
  const asked = readImport(input);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, lines, dryRun } = asked.value;
  const policy = services.policy(contract);
  const keys = await services.keys(contract);
  const { table } = services;
  const into = importer({ contract: contract.name, policy, keys, table });
  const outcomes = await inFlight(lines, (line): Promise<LineOutcome> => {
    const now = services.clock();
    return outcomeOf(into, dryRun ? 'tryOut' : 'write', readLine(line, contract, policy, now), now);
  });
  return done({ contract: contract.name, outcomes });
};

async function outcomeOf(
  into: Importer,
  how: keyof Importer,
  session: Read<ForeignSession>,
  now: EpochSeconds,
): Promise<LineOutcome> {
  if ('problem' in session) return session;
  try {
    return outcomes[await into[how](session.value, now)];
  } catch (error) {
    if (error instanceof StorageUnavailable) return 'unavailable';
    throw error;
  }
}

const outcomes = {
  imported: 'imported',
  unchanged: 'unchanged',
  over: 'over',
  'id-taken': { problem: 'the table has another session of this id' },
  'secret-used': { problem: secretUsed },
} as const satisfies Record<Imported, LineOutcome>;
