import { Logger } from '@aws-lambda-powertools/logger';
import { sessionOwners } from '../contracts.ts';
import { type ErrorRecord, errorRecord } from '../core/lambda/error-record.ts';
import { service } from '../core/lambda/outcome.ts';
import { rowKey, sessionHash, sessionId } from '../core/session/session.ts';
import type { AdminRefusal, AdminServices, Answer } from './command.ts';
import type { Input } from './fields.ts';

/** What is written of a command: never a secret, a subject or a claim. */
export interface CommandRecord {
  readonly command: string;
  readonly outcome: Answer['outcome'];
  readonly reason?: AdminRefusal;
  readonly contract?: string;
  /** How logs name the session that it was about. */
  readonly session?: string;
}

/** What the Lambda of session-admin says of itself. */
export interface Audit {
  readonly done: (record: CommandRecord) => void;
  readonly failed: (command: string, error: unknown) => void;
  readonly unread: (error: unknown) => void;
}

/** The lines of session-admin in its log, in which the refresh Lambdas name sessions alike. */
export function audit(): Audit {
  const logger = new Logger({ serviceName: service });
  const tell = (error: unknown): { readonly error: ErrorRecord } => ({ error: errorRecord(error) });
  return {
    done: (record) => logger.info(record.command, { ...record }),
    failed: (command, error) => logger.error(command, { command, ...tell(error) }),
    unread: (error) => logger.warn('keys-unread', tell(error)),
  };
}

/** The record of a command that answered. What was given is in it only where the command knew it. */
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
