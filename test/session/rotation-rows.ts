import type { Policy } from '../../functions/core/session/policy.ts';
import type { RowKey, Session } from '../../functions/core/session/session.ts';
import type { Proof } from '../../functions/core/session/successor.ts';
import { later } from '../../functions/core/time.ts';
import { claimsOf, digestOf, moments, now, reading, rowOf, sliding } from './rows.ts';

/** The policies under which secrets replace one another. */
export const grace = 60;
export const slidingRotation: Policy = { ...sliding, rotation: { grace } };
export const tokenRotation: Policy = { ...reading, rotation: { grace } };

export const family = 'f'.repeat(22);

/** A row somewhere between two secrets, and what is presented for it. */
export interface RotationCase {
  readonly what: string;
  readonly row: RowKey;
  readonly session: Session;
  readonly proof: Proof;
}

const states = [
  { what: 'never replaced', rotated: {} },
  ...[1, 2].flatMap((generation) =>
    moments.map(({ what, offset }) => ({
      what: `generation ${generation}, grace ends ${what}`,
      rotated: { generation, secretFamily: family, graceUntil: later(now, offset) },
    })),
  ),
];

const proofs: readonly { what: string; of: (row: RowKey) => Proof }[] = [
  { what: 'secret 0', of: (row) => digestOf(row) },
  { what: 'a wrong secret', of: (row) => digestOf(row, 'a wrong one') },
  ...[1, 2, 3].map((generation) => ({
    what: `secret ${generation}`,
    of: () => ({ generation, family }),
  })),
  { what: 'secret 1 of another family', of: () => ({ generation: 1, family: 'g'.repeat(22) }) },
];

/** Every row between two secrets that a judgement can tell from another, with every secret for it. */
export function everyRotation(): readonly RotationCase[] {
  const cases: RotationCase[] = [];
  for (const { what: state, rotated } of states)
    for (const { what: presented, of } of proofs)
      for (const held of [true, false])
        for (const revoked of [false, true])
          for (const refreshed of moments)
            for (const limit of ['none', 'idle', 'end'] as const) {
              const row = rowOf('eos', String(cases.length));
              const session: Session = {
                rowKey: row,
                ...(held && {
                  subject: 'eos#somebody',
                  secret: digestOf(row),
                  claims: claimsOf('{}'),
                }),
                ...rotated,
                openedAt: later(now, -100),
                refreshedAt: later(now, refreshed.offset),
                idleUntil: later(now, limit === 'idle' ? 0 : 1),
                endsAt: later(now, limit === 'end' ? 0 : 1),
                ...(revoked && { revokedAt: later(now, -10) }),
                purgeAt: later(now, 86_400),
              };
              const alive = `${revoked ? 'revoked' : 'alive'}, limit ${limit}, ${refreshed.what}`;
              const what = `${state}, ${held ? 'held' : 'of nobody'}, ${alive}: ${presented}`;
              cases.push({ what, row, session, proof: of(row) });
            }
  return cases;
}
