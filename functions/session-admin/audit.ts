import { Logger } from '@aws-lambda-powertools/logger';
import { sessionOwners } from '../contracts.ts';
import { type ErrorRecord, errorRecord } from '../core/lambda/error-record.ts';
import { service } from '../core/lambda/outcome.ts';
import { rowKey, sessionHash, sessionId } from '../core/session/session.ts';
import type { AdminRefusal, AdminServices, Answer } from './command.ts';
import type { Input } from './fields.ts';

/** The log record of a command. It never contains a secret, a subject or a claim. */
export interface CommandRecord {
  readonly command: string;
  readonly outcome: Answer['outcome'];
  readonly reason?: AdminRefusal;
  readonly contract?: string;
  /** The hash of the session. */
  readonly session?: string;
}

/** The log of session-admin. */
export interface Audit {
  readonly done: (record: CommandRecord) => void;
  readonly failed: (command: string, error: unknown) => void;
  readonly unread: (error: unknown) => void;
}

/**
 * Writes the log lines of session-admin. They name a session by the same hash as the lines of the
 * refresh Lambdas.
 */
export function audit(): Audit {
  const logger = new Logger({ serviceName: service });
  const tell = (error: unknown): { readonly error: ErrorRecord } => ({ error: errorRecord(error) });
  return {
    done: (record) => logger.info(record.command, { ...record }),
    failed: (command, error) => logger.error(command, { command, ...tell(error) }),
    unread: (error) => logger.warn('keys-unread', tell(error)),
  };
}

/**
 * Returns the record of a command that answered. It names the contract and the session only if the
 * input is valid.
 */
export async function commandRecord(
  command: string,
  input: Input,
  answer: Answer,
  keys: AdminServices['keys'],
): Promise<CommandRecord> {
  const contract = sessionOwners.find(({ name }) => name === input.contract);
  if (answer.outcome === 'invalid' || !contract) return { command, outcome: answer.outcome };
  const opened = answer.outcome === 'done' ? { ...answer.result } : {};
  const id = sessionId('sessionId' in opened ? opened.sessionId : input.sessionId);
  return {
    command,
    outcome: answer.outcome,
    ...(answer.outcome === 'refused' && { reason: answer.reason }),
    contract: contract.name,
    ...(id && { session: sessionHash((await keys(contract)).log, rowKey(contract.name, id)) }),
  };
}
