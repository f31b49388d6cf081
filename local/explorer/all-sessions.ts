import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { isObject } from '../../functions/core/contract/json-text.ts';
import { type AdminServices, inFlight } from '../../functions/session-admin/command.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import type { Input } from '../../functions/session-admin/fields.ts';

/** What the page shows of a session. */
export type Shown = Readonly<Record<string, unknown>>;

/** Finds every session, in no order. Only a local page may read a whole table. */
export type FindSessions = () => Promise<readonly Input[]>;

/** The sessions of a table, by their keys; nothing else of a row is read. */
export function sessionsIn(client: DynamoDBClient, table: string): FindSessions {
  return async () => {
    const scan = { TableName: table, ProjectionExpression: 'rowKey' };
    const found: Input[] = [];
    for await (const { Items = [] } of paginateScan({ client }, scan))
      for (const { rowKey } of Items) {
        // A longer key is that of claims, which lie beside their session.
        const [contract, sessionId, ...more] = rowKey?.S?.split('#') ?? [];
        if (more.length === 0) found.push({ contract, sessionId });
      }
    return found;
  };
}

/** The newest sessions, damaged ones first, and how many there are in all. */
export async function newestSessions(
  find: FindSessions,
  services: AdminServices,
): Promise<{ readonly sessions: readonly Shown[]; readonly all: number }> {
  const answers = await inFlight(await find(), (session) => commands.show(session, services));
  const sessions = answers
    .filter((answer) => answer.outcome === 'done')
    .map(({ result }) => shown(result))
    .sort((one, other) => Number(other.openedAt ?? damaged) - Number(one.openedAt ?? damaged));
  return { sessions: sessions.slice(0, most), all: sessions.length };
}

const most = 100;
const damaged = Number.POSITIVE_INFINITY;

/**
 * What the page shows of a session. Members are chosen by name: what `show` is given later is not on the
 * page unless it is added here.
 */
export function shown(result: object): Shown {
  const given: Shown = isObject(result) ? result : {};
  return Object.fromEntries(shownMembers.map((name) => [name, given[name]]));
}

const shownMembers = [
  'contract',
  'sessionId',
  'state',
  'subject',
  'openedAt',
  'refreshedAt',
  'idleUntil',
  'endsAt',
  'revokedAt',
] as const;
