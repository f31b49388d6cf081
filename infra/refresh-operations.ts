import { type Policy, writesAtRefresh } from '../functions/core/session/policy.ts';

/**
 * The operations that a refresh may send to the table under a policy. A token that is its own idle clock
 * is read without a write when its secret stays, or when it has expired.
 */
export function refreshOperations(policy: Policy): readonly TableOperation[] {
  return [
    ...(typeof policy.idle === 'number' ? [] : ['GetItem' as const]),
    ...(writesAtRefresh(policy) ? ['UpdateItem' as const] : []),
  ];
}

/** An operation of DynamoDB that refreshes use. */
export type TableOperation = 'GetItem' | 'UpdateItem';
