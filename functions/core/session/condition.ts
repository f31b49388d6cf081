import type { EpochSeconds } from '../time.ts';
import type { Proof } from './successor.ts';

/** What must be true of a row for a write, as DynamoDB says it. */
export interface Condition {
  readonly clauses: readonly string[];
  readonly values: Readonly<Record<string, string | number>>;
}

/**
 * `judge(…) === 'refresh'`, as DynamoDB says it: test/session/law.test.ts holds them together. That
 * the row has the secret demands that it exists, so no refresh makes one.
 */
export function mayRefresh(proof: Proof, now: EpochSeconds): Condition {
  const [clauses, values] = isCurrent(proof);
  return {
    clauses: [
      ...clauses,
      'attribute_not_exists(revokedAt)',
      'endsAt > :now',
      'idleUntil > :now',
      'refreshedAt <= :now',
      ...undamaged,
    ],
    values: { ...values, ':now': now, ':text': 'S', ':number': 'N' },
  };
}

/** The attributes that no other clause asks for, and without which `toSession` (row.ts) throws. */
const undamaged = [
  'attribute_type(subject, :text)',
  '(attribute_type(claims, :text) OR attribute_type(claimsVersion, :text))',
  'attribute_type(openedAt, :number)',
  'attribute_type(purgeAt, :number)',
];

/** That the secret is the row's current one, and has been for longer than the grace. */
function isCurrent(
  proof: Proof,
): readonly [clauses: readonly string[], values: Condition['values']] {
  if (typeof proof === 'string')
    return [['secret = :secret', 'attribute_not_exists(generation)'], { ':secret': proof }];
  const { family, generation } = proof;
  return [
    [
      'attribute_exists(secret)',
      'secretFamily = :family',
      '(generation < :generation OR (generation = :generation AND graceUntil <= :now))',
    ],
    { ':family': family, ':generation': generation },
  ];
}

/** That a session is still the one whose secret was stolen, and nobody ended it meanwhile. */
export function isAlive(family: string): Condition {
  return {
    clauses: ['secretFamily = :family', 'attribute_not_exists(revokedAt)'],
    values: { ':family': family },
  };
}
