import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { toSession } from './item.ts';
import type { Session } from './session.ts';

/** A conditional write's answer, or the row that refused it (nothing where there is no row). */
export type Attempt<Answer> =
  | { readonly written: Answer }
  | { readonly refused: Session | undefined; readonly again: boolean };

/**
 * Waits for a conditional write. A refusal is an answer, and with `ALL_OLD` it brings the row, which
 * the SDK leaves as DynamoDB wrote it (aws-sdk-js-v3#6723).
 * @throws whatever else the SDK throws
 */
export async function attempt<Answer>(write: Promise<Answer>): Promise<Attempt<Answer>> {
  try {
    return { written: await write };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const again = (error.$metadata.attempts ?? 1) > 1;
    return { refused: error.Item && toSession(error.Item), again };
  }
}
