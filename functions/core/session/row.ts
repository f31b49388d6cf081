import type { Session } from './session.ts';

/** An item as the document client reads it. */
export type Item = Readonly<Record<string, unknown>>;

/** A row of the table breaks the rules of its attributes. The answer is a 500. */
export class DamagedRow extends Error {
  override readonly name = 'DamagedRow';
}

/**
 * Validates an item and gives its session. Attributes that this version does not know are left out.
 * The contract validates the claims, because it knows their form.
 * @throws DamagedRow if an attribute is missing or is not what docs/sessions.md says. Without this
 * check an expired session could be refreshed: every comparison with `undefined` or NaN is false,
 * so `endsAt <= now` would be false and the session would look alive.
 */
export function toSession(item: Item): Session {
  const row: Record<string, unknown> = {};
  for (const [name, { type, optional }] of Object.entries(attributes)) {
    const value = Object.hasOwn(item, name) ? item[name] : undefined;
    if (value === undefined && optional) continue;
    if (!isOf[type](value)) throw new DamagedRow(`${name} is not ${article[type]}`);
    row[name] = value;
  }
  const session = row as Record<string, unknown> & Session;
  for (const [name, other] of together)
    if ((session[name] === undefined) !== (session[other] === undefined))
      throw new DamagedRow(`${name} without ${other}, or ${other} without ${name}`);
  if (session.secret !== undefined && (session.claims ?? session.claimsVersion) === undefined)
    throw new DamagedRow('secret without claims');
  return session;
}

/** Whether `toSession` throws for an item. */
export function isDamaged(item: Item): boolean {
  try {
    toSession(item);
    return false;
  } catch {
    return true;
  }
}

type AttributeType = 'text' | 'count';

const isOf = {
  text: (value) => typeof value === 'string' && value !== '',
  count: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
} as const satisfies Record<AttributeType, (value: unknown) => boolean>;

const article = { text: 'a text', count: 'a whole number' } as const satisfies Record<
  AttributeType,
  string
>;

/** Attributes that a row has both or neither: after a login, and after the first rotation. */
const together = [
  ['subject', 'secret'],
  ['generation', 'secretFamily'],
  ['generation', 'graceUntil'],
] as const satisfies readonly (readonly [keyof Session, keyof Session])[];

const attributes = {
  rowKey: { type: 'text', optional: false },
  subject: { type: 'text', optional: true },
  secret: { type: 'text', optional: true },
  generation: { type: 'count', optional: true },
  parentGeneration: { type: 'count', optional: true },
  secretFamily: { type: 'text', optional: true },
  issuedLifetime: { type: 'count', optional: true },
  graceUntil: { type: 'count', optional: true },
  tokenLifetime: { type: 'count', optional: true },
  claims: { type: 'text', optional: true },
  claimsVersion: { type: 'text', optional: true },
  openedAt: { type: 'count', optional: false },
  loggedInAt: { type: 'count', optional: true },
  refreshedAt: { type: 'count', optional: false },
  idleUntil: { type: 'count', optional: false },
  endsAt: { type: 'count', optional: false },
  revokedAt: { type: 'count', optional: true },
  revokedBy: { type: 'text', optional: true },
  purgeAt: { type: 'count', optional: false },
} as const satisfies Record<
  keyof Session,
  { readonly type: AttributeType; readonly optional: boolean }
>;
