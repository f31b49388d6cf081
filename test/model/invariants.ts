import { expect } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { idOf, type Session } from '../../functions/core/session/session.ts';
import type { Book } from './book.ts';
import type { Rig } from './rig.ts';
import { sessionOf } from './wire.ts';

/** The table is the model's to the last attribute; and whatever the model says, the laws hold. */
export async function expectTableOf(
  book: Book,
  rig: Rig,
  before: ReadonlyMap<string, Session>,
  purged: string | undefined,
): Promise<void> {
  const table = await rig.table();
  expect([...table.keys()].sort()).toEqual([...book.rows.keys()].sort());
  for (const [key, session] of table) {
    const contract = contracts.find(({ name }) => key.startsWith(`${name}#`));
    const row = book.rows.get(key);
    if (!contract || !row) throw new Error(`nobody opened ${key}`);
    const { claims, ...rest } = session;
    expect(rest).toEqual(sessionOf(contract, idOf(session.rowKey), row, rig.keys(contract)));
    expect(claims === undefined).toBe(row.secret === undefined);
    const old = before.get(key);
    if (old) expectLaws(old, session, book.now, book.isLongest(contract));
  }
  for (const key of before.keys()) if (key !== purged) expect(table.has(key)).toBe(true);
}

/** What no command may do to a session. */
function expectLaws(old: Session, session: Session, now: number, patient: boolean): void {
  const { openedAt, endsAt, purgeAt } = old;
  expect(session).toMatchObject({ openedAt, endsAt, purgeAt });
  if (old.revokedAt !== undefined) expect(session).toEqual(old);
  if (old.secret === undefined) return;
  expect(session).toMatchObject({ secret: old.secret, claims: old.claims });
  expect(session.refreshedAt).toBeGreaterThanOrEqual(old.refreshedAt);
  // A policy that was shortened holds from the next refresh on.
  if (patient) expect(session.idleUntil).toBeGreaterThanOrEqual(old.idleUntil);
  expectRotationLaws(old, session, now);
}

/** Its secrets follow one another by the row's generation, and none in the grace of the one before. */
function expectRotationLaws(old: Session, session: Session, now: number): void {
  const { generation = 0, secretFamily, graceUntil = now } = old;
  const advanced = (session.generation ?? 0) - generation;
  expect([0, 1]).toContain(advanced);
  if (advanced === 0)
    expect([session.graceUntil, session.secretFamily]).toEqual([old.graceUntil, secretFamily]);
  if (secretFamily !== undefined) expect(session.secretFamily).toBe(secretFamily);
  if (graceUntil > now) {
    const { revokedAt, ...rest } = session;
    const { revokedAt: _, ...before } = old;
    expect(rest).toEqual(before);
  }
}
