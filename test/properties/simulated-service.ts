import { randomUUID } from 'node:crypto';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import { refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import type { Policy } from '../../functions/core/session/policy.ts';
import type { Item } from '../../functions/core/session/row.ts';
import {
  StorageTimedOut,
  StorageUnavailable,
  type Table,
} from '../../functions/core/session/table.ts';
import { epochSeconds, systemTimer } from '../../functions/core/time.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import type { Client } from '../client/support.ts';
import { memoryTable } from '../support/memory-table.ts';
import { apiGatewayEvent, type Held, material, noon, patient } from '../support/world.ts';
import type { Random, VirtualTime } from './virtual-time.ts';

/** Writes are done where an answer is lost, and not done where something is out of reach. */
export const troubles = [
  'the service is out of reach',
  'its answers are lost',
  'the table is out of reach',
  'answers of the table are lost',
  'the gateway answers 503',
] as const;
type Trouble = (typeof troubles)[number];

/** A request as it is sent, and who sends it. */
export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly by: 'the user' | 'the thief';
}

/** What happened. `skipped`: rotations for the parent. `settling`: requests that had to ask again. */
export type Counts = ReturnType<typeof blank>;
export const blank = () => ({
  refreshed: 0,
  rotated: 0,
  skipped: 0,
  replayed: 0,
  settling: 0,
  answersLost: 0,
});

/** How far the clocks of two Lambdas are apart at most, in seconds. */
const skew = 3;

/** What one simulation is made of. */
export interface World {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly client: Client;
  readonly policy: Policy;
  /** What goes wrong, and in which milliseconds. */
  readonly outages: readonly { from: number; until: number; trouble: Trouble }[];
  /** The probability that something goes wrong outside the outages, for each request. */
  readonly noise: number;
  readonly counts: Counts;
  /** Is given a line about each request. */
  readonly note: (line: string) => void;
}

export type Service = Awaited<ReturnType<typeof simulatedService>>;

/** Lambdas of one contract over one table with one session: the real handler, by clocks that differ. */
export async function simulatedService(world: World) {
  const { time, random, policy, outages, noise, counts, note } = world;
  const { contract, credentialOf } = world.client;
  const memory = memoryTable();
  const keys = deriveKeys(contract.name, material);
  const seconds = () => noon + time.now() / 1000;
  const services = { keys: async () => keys, clock: () => epochSeconds(seconds()) };
  const admin = { ...services, table: memory, policy: () => policy, wait: async () => undefined };
  const opened = await commands.open({ contract: contract.name, subject: 'somebody' }, admin);
  if (opened.outcome !== 'done') throw new Error(JSON.stringify(opened));
  const held = opened.result as Held;
  const [[key, first] = ['', undefined]] = memory.items;
  const endsAt = Number(first?.endsAt);
  /** What must not have happened. */
  const problems: string[] = [];
  const rotates = policy.rotation !== 'fixed';
  const tokens = typeof policy.idle !== 'number';
  const idle = typeof policy.idle === 'number' ? policy.idle : policy.idle.token;
  /** Until when the session is alive by what was answered, in seconds; a token says so itself. */
  let aliveUntil = noon + idle;
  let expired: number | undefined;
  let deadUses = 0;

  return {
    problems,
    /** What the login gave. */
    held,
    /** How many uses of a dead secret reached the table while the session was alive. */
    deadUses: () => deadUses,
    /** Who or what ended the session, if something did. */
    revokedBy: () => memory.items.get(key)?.revokedBy,
    /** When the session expired, in milliseconds, if a device of the user was refused for that. */
    expired: () => expired,
    revoke: () => commands.revoke({ contract: contract.name, sessionId: held.sessionId }, admin),
    /** The answer to a request; nothing where none comes back. */
    async answer(sent: Sent) {
      const trouble = troubleNow();
      if (trouble === 'the service is out of reach') return undefined;
      if (trouble === 'the gateway answers 503') {
        const retryAfter = random.of(['', '25', '3600', '3600']);
        const headers = new Headers(retryAfter ? { 'Retry-After': retryAfter } : {});
        const { body } = contract.refuse('unavailable', randomUUID());
        return { status: 503, headers, text: random.of(['', '<html>', body]) };
      }
      const answer = await handled(sent);
      if (troubleNow() !== 'its answers are lost') return answer;
      counts.answersLost += 1;
      return undefined;
    },
  };

  function troubleNow(): Trouble | undefined {
    const now = time.now();
    const outage = outages.find(({ from, until }) => from <= now && now < until);
    return outage?.trouble ?? (random.happens(noise) ? random.of(troubles) : undefined);
  }

  async function handled(sent: Sent) {
    if (random.happens(0.02)) await time.sleep(random.between(0, 3000)); // a cold start
    const clock = seconds() + random.of([0, 1, skew / 2, skew]);
    const asked: Asked = { requests: 0, writes: 0, lost: false, row: undefined };
    const records: RequestRecord[] = [];
    const handler = refreshHandler(contract, {
      ...services,
      table: watched(asked),
      clock: () => epochSeconds(clock),
      timer: systemTimer,
      policy,
      write: (record) => records.push(record),
    });
    const event = apiGatewayEvent(contract, { headers: sent.headers, body: sent.body || null });
    const { statusCode: status, body: text, headers: given } = await handler(event, patient('a'));
    examine(records[0]?.outcome, asked, { by: sent.by, clock, text, ...presentedIn(sent) });
    const headers = new Headers({ ...(given as Record<string, string>) });
    headers.set('Date', new Date(seconds() * 1000).toUTCString());
    return { status, headers, text };
  }

  /** The table as a Lambda meets it: late, out of reach, or asked again by the SDK. */
  function watched(asked: Asked): Table {
    async function through<Result>(run: () => Promise<Result>): Promise<Result> {
      asked.requests += 1;
      const trouble = troubleNow();
      const wait = () => time.sleep(random.happens(0.03) ? random.between(0, 2000) : 5);
      await wait();
      asked.lost = trouble === 'answers of the table are lost';
      if (trouble === 'the table is out of reach') throw new StorageUnavailable('out of reach');
      asked.row ??= memory.items.get(key);
      const result = await run();
      await wait();
      if (asked.lost) throw new StorageTimedOut('its answer is lost');
      return result;
    }
    return {
      ...memory,
      get: (rowKey) => through(() => memory.get(rowKey)),
      update: (write) =>
        through(async () => {
          const written = await memory.update(write);
          if (written.outcome === 'written') asked.writes += 1;
          if (!random.happens(0.02)) return written;
          // Its answer was lost, and the SDK sent it again.
          await time.sleep(random.between(0, 1900));
          return { ...(await memory.update(write)), retried: true };
        }),
    };
  }

  /** Counts what happened, and names what must not. */
  function examine(outcome: RequestRecord['outcome'] | undefined, asked: Asked, told: Told): void {
    const { number, expiresAt = Infinity, clock, by } = told;
    const { row = {}, requests, writes } = asked;
    const must = (holds: boolean, what: string) => {
      if (!holds)
        problems.push(`${what}: ${outcome}, ${JSON.stringify({ ...told, ...asked, noon })}`);
    };
    const generation = Number(row.generation ?? 0);
    const parent = Number(row.parentGeneration ?? generation - 1);
    const isAlive = row.revokedAt === undefined;
    const isCurrent = number === generation || number === parent;
    const isDead = rotates && asked.row !== undefined && expiresAt > clock && !isCurrent;
    const presented = `${number}, of ${parent} and ${generation}`;
    note(`${Math.round(time.now())} ms: ${by} presents ${presented}: ${outcome}`);
    if (isDead && isAlive) deadUses += 1;

    must(requests >= 1 && requests <= (isDead && isAlive ? 2 : 1), 'one storage request');
    must(!tokens || rotates || writes === 0, 'a refresh that only reads');
    if (outcome === 'refreshed') {
      must(isAlive, 'no revoked session answers');
      must(!isDead, 'no dead secret answers');
      counts.refreshed += 1;
      if (rotates) counts[writes > 0 ? 'rotated' : 'replayed'] += 1;
      if (writes > 0 && number === parent && number !== generation) counts.skipped += 1;
      const { expireTime } = JSON.parse(told.text);
      const until = typeof expireTime === 'number' ? expireTime / 1000 : clock + idle;
      aliveUntil = Math.max(aliveUntil, Math.min(endsAt, until));
    } else if (outcome === 'settling') counts.settling += 1;
    else if (outcome === 'unavailable' || outcome === 'timed-out') {
      if (asked.lost) counts.answersLost += 1;
    } else if (outcome === 'idle-too-long') {
      const deadline = told.expiresAt ?? aliveUntil;
      must(clock >= deadline - skew, 'no refusal before the idle timeout');
      if (by === 'the user') expired = (deadline - noon) * 1000;
    } else if (outcome === 'revoked') must(!isAlive, 'somebody revoked it');
    else if (outcome === 'lifetime-over') must(clock >= endsAt, 'no refusal before the end');
    else if (outcome === 'reused-secret') must(isDead, 'only a dead secret is reused');
    else must(false, 'no honest request is refused');
  }

  /** Which secret of the session was presented, and when its token expires. */
  function presentedIn({ headers, body }: Sent) {
    if (credentialOf(held).accessToken === undefined)
      return { number: numberOf(new URLSearchParams(body).get('secureCode') ?? '') };
    const [, payload = ''] = (headers.authorization ?? '').split('.');
    const { exp, sec } = JSON.parse(Buffer.from(payload, 'base64').toString());
    return { number: numberOf(sec), expiresAt: Number(exp) };
  }
}

/** What a Lambda asked of the table for one request. */
interface Asked {
  requests: number;
  writes: number;
  /** Whether an answer of the table was lost. */
  lost: boolean;
  /** The row when it was first asked for. */
  row: Item | undefined;
}

/** What a request presented, and what was answered, by its Lambda's clock. */
type Told = Pick<Sent, 'by'> &
  Readonly<{ clock: number; number: number; expiresAt?: number; text: string }>;

/** The number of a secret: 0 is the one that the login gave. */
function numberOf(secret: string): number {
  return Number(/^(\d+)\.[\w-]{22}\./.exec(secret)?.[1] ?? 0);
}
