import { createSecretKey } from 'node:crypto';
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { type Policy, timesAtOpening } from '../../functions/core/session/policy.ts';
import { digest, secret } from '../../functions/core/session/secret.ts';
import {
  type Claims,
  type Digest,
  type LoggedInSession,
  type RowKey,
  rowKey,
  type Secret,
  type Session,
  sessionId,
} from '../../functions/core/session/session.ts';
import { type EpochSeconds, epochSeconds, later } from '../../functions/core/time.ts';
import type { World } from '../support/world.ts';

/** The second in which seconds get a tenth digit: as texts, the moments around it compare otherwise. */
export const now = epochSeconds(1_000_000_000);

/** A policy whose refresh writes, and one whose refresh reads. */
export const sliding: Policy = { idle: 1800, lifetime: 43_200, rotation: 'fixed' };
export const reading: Policy = { idle: { token: 930 }, lifetime: 86_400, rotation: 'fixed' };

const digestKey = createSecretKey(new Uint8Array(32).fill(7));

/** A text as a secret. */
export function secretOf(text: string): Secret {
  const made = secret(text);
  if (!made) throw new Error(`${JSON.stringify(text)} is no secret`);
  return made;
}

/** The key of a contract's row. */
export function rowOf(contract: string, id: string): RowKey {
  const made = sessionId(id);
  if (!made) throw new Error(`${JSON.stringify(id)} is no session id`);
  return rowKey(contract, made);
}

/** The digest of a row's secret; of another secret where it is told. */
export function digestOf(row: RowKey, text = 'the right one'): Digest {
  return digest(digestKey, row, secretOf(text));
}

/** A row as DynamoDB says it. */
export type Item = Record<string, AttributeValue>;

/** The row, or a part of it, as DynamoDB says it. */
export function toItem(session: Partial<Session>): Item {
  return marshall(session);
}

/** The key of a row, as DynamoDB says it. */
export function keyOf(row: RowKey): Item {
  return marshall({ rowKey: row });
}

/** A text as claims; whether it has a contract's form is another matter. */
export function claimsOf(text: string): Claims {
  return text as Claims;
}

/** A logged-in session that was opened now. */
export function loggedIn(row: RowKey, opened: EpochSeconds = now): LoggedInSession {
  return {
    ...anonymous(row, opened),
    subject: 'eos#somebody',
    secret: digestOf(row),
    claims: claimsOf('{"b":1,"a":2}'),
  };
}

/** A session that was opened now, and nobody's yet. */
export function anonymous(row: RowKey, opened: EpochSeconds = now): Session {
  return { rowKey: row, ...timesAtOpening(sliding, opened) };
}

/** An attribute that this version does not know: a later one may write it, and none may lose it. */
export const unknownAttribute: Item = { later: { M: { note: { S: 'kept' } } } };

/** Writes a row as it is, whatever was there. */
export async function put(world: World, session: Session): Promise<void> {
  const Item = { ...toItem(session), ...unknownAttribute };
  await world.client.send(new PutItemCommand({ TableName: world.table, Item }));
}

/** The row's item, with every attribute that it has. */
export async function itemOf(
  { client, table }: { readonly client: DynamoDBClient; readonly table: string },
  row: RowKey,
): Promise<Item | undefined> {
  const get = new GetItemCommand({ TableName: table, Key: keyOf(row), ConsistentRead: true });
  return (await client.send(get)).Item;
}

/** A case of the law: a row, or that there is none. */
export interface Case {
  readonly what: string;
  readonly row: RowKey;
  readonly session?: Session;
}

/** Every row that a judgement can tell from another, each with a key of its own, and no row. */
export function everyCase(): readonly Case[] {
  const cases: Case[] = [{ what: 'no row', row: rowOf('eos', 'none') }];
  for (const held of ['no secret', 'the right secret', 'a wrong secret'] as const)
    for (const revoked of ['alive', 'revoked'] as const)
      for (const ends of moments)
        for (const idle of moments)
          for (const refreshed of moments) {
            const row = rowOf('eos', String(cases.length));
            const session: Session = {
              rowKey: row,
              ...(held !== 'no secret' && {
                subject: 'eos#somebody',
                secret: digestOf(row, held === 'a wrong secret' ? 'a wrong one' : undefined),
                claims: claimsOf('{}'),
              }),
              openedAt: later(now, -100),
              refreshedAt: later(now, refreshed.offset),
              idleUntil: later(now, idle.offset),
              endsAt: later(now, ends.offset),
              ...(revoked === 'revoked' && { revokedAt: later(now, -10) }),
              purgeAt: later(now, 86_400),
            };
            const times = `ends ${ends.what}, idle ${idle.what}, refreshed ${refreshed.what}`;
            cases.push({ what: `${held}, ${revoked}, ${times}`, row, session });
          }
  return cases;
}

/** Around now, one second each way: a boundary that moves shows. */
export const moments = [
  { what: 'before', offset: -1 },
  { what: 'now', offset: 0 },
  { what: 'after', offset: 1 },
] as const;
