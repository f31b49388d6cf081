import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Item } from './row.ts';

/** A conditional write's answer, or the item that refused it (nothing where there is none). */
export type Attempt<Answer> =
  | { readonly written: Answer }
  | { readonly refused: Item | undefined; readonly again: boolean };

/**
 * Waits for a conditional write. A refusal is an answer, and with `ALL_OLD` it brings the item, which
 * the document client leaves as DynamoDB wrote it (aws-sdk-js-v3#6723).
 * @throws whatever else the SDK throws
 */
export async function attempt<Answer>(write: Promise<Answer>): Promise<Attempt<Answer>> {
  try {
    return { written: await write };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const again = (error.$metadata.attempts ?? 1) > 1;
    return { refused: error.Item && unmarshall(error.Item), again };
  }
}
