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
import { context } from '../../local/proxy-event.ts';
import type { Client } from '../client/support.ts';
import { memoryTable } from '../support/memory-table.ts';
import { apiGatewayEvent, type Held, material, noon } from '../support/world.ts';
import type { Random, VirtualTime } from './virtual-time.ts';

/** What goes wrong, and in which milliseconds. */
export interface Outage {
  readonly from: number;
  readonly until: number;
  readonly trouble: Trouble;
}

/** Writes are done where an answer is lost, and not done where something is out of reach. */
export const troubles = [
  'the service is out of reach',
  'its answers are lost',
  'the table is out of reach',
  'answers of the table are lost',
  'the gateway answers 503',
] as const;
export type Trouble = (typeof troubles)[number];

/** A request as it is sent, and who sends it. */
export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly by: 'the user' | 'the thief';
}

/** What was counted, and what was wrong. */
export interface Counts {
  requests: number;
  refreshed: number;
  rotated: number;
  /** Rotations for the parent: the secret between was never used. */
  skipped: number;
  replayed: number;
  /** Requests in the seconds after a grace in which nothing rotates. */
  settling: number;
  answersLost: number;
  storageRequests: number;
  writeUnits: number;
  /** Uses of a dead secret that reached the table. */
  deadUses: number;
  readonly problems: string[];
}

export const blank = (): Counts => ({
  requests: 0,
  refreshed: 0,
  rotated: 0,
  skipped: 0,
  replayed: 0,
  settling: 0,
  answersLost: 0,
  storageRequests: 0,
  writeUnits: 0,
  deadUses: 0,
  problems: [],
});

/** Lambdas of one contract over one table with one session: the real handler, by clocks that differ. */
export interface Service {
  readonly counts: Counts;
  /** What the login gave. */
  readonly held: Held;
  /** When the session expired, where the user was told so, in milliseconds. */
  expired(): number | undefined;
  /** Who or what ended the session, if something did. */
  revokedBy(): unknown;
  revoke(): Promise<void>;
  /** The answer to a request; nothing where none comes back. */
  answer(sent: Sent): Promise<{ status: number; headers: Headers; text: string } | undefined>;
}

/** How far the clocks of two Lambdas are apart at most, in seconds. */
const skew = 3;

/** What one simulation is made of. */
export interface World {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly client: Client;
  readonly policy: Policy;
  readonly outages: readonly Outage[];
  /** The probability that something goes wrong outside the outages, for each request. */
  readonly noise: number;
  /** Is given a line about each request. */
  readonly note: (line: string) => void;
}

export async function simulatedService(world: World): Promise<Service> {
  const { time, random, policy, outages, noise, note } = world;
  const { contract, credentialOf } = world.client;
  const memory = memoryTable();
  const keys = keysOf(contract.name);
  const seconds = () => noon + time.now() / 1000;
  const admin = {
    table: memory,
    keys: async () => keys,
    policy: () => policy,
    clock: () => epochSeconds(seconds()),
    wait: async () => undefined,
  };
  const subject = 'somebody';
  const opened = await commands.open({ contract: contract.name, subject }, admin);
  if (opened.outcome !== 'done') throw new Error(JSON.stringify(opened));
  const held = opened.result as Held;
  const [[key, first] = ['', undefined]] = memory.items;
  const endsAt = Number(first?.endsAt);
  const counts = blank();
  const tokens = typeof policy.idle !== 'number';
  const idle = typeof policy.idle === 'number' ? policy.idle : policy.idle.token;
  /** Until when the session is alive by what was answered, in seconds; a token says so itself. */
  let aliveUntil = noon + idle;
  let expired: number | undefined;

  function troubleNow(): Trouble | undefined {
    const now = time.now();
    const outage = outages.find(({ from, until }) => from <= now && now < until);
    if (outage) return outage.trouble;
    return random.happens(noise) ? random.of(troubles) : undefined;
  }

  return {
    counts,
    held,
    revokedBy: () => memory.items.get(key)?.revokedBy,
    expired: () => expired,
    async revoke() {
      await commands.revoke({ contract: contract.name, sessionId: held.sessionId }, admin);
    },
    async answer(sent) {
      const trouble = troubleNow();
      if (trouble === 'the service is out of reach') return undefined;
      if (trouble === 'the gateway answers 503') return gatewayAnswer();
      const { status, headers, text } = await handled(sent);
      if (troubleNow() === 'its answers are lost') {
        counts.answersLost += 1;
        return undefined;
      }
      return { status, headers, text };
    },
  };

  function gatewayAnswer() {
    const retryAfter = random.of(['', '25', '3600', '3600']);
    const headers = new Headers(retryAfter ? { 'Retry-After': retryAfter } : {});
    const { body } = contract.refuse('unavailable', randomUUID());
    return { status: 503, headers, text: random.of(['', '<html>', body]) };
  }

  async function handled(sent: Sent) {
    if (random.happens(0.02)) await time.sleep(random.between(0, 3000)); // a cold start
    const clock = seconds() + random.of([0, 1, skew / 2, skew]);
    const asked: Asked = { requests: 0, units: 0, writes: 0, lost: false, row: undefined };
    let record: RequestRecord | undefined;
    const handler = refreshHandler(contract, {
      table: watched(asked),
      keys: async () => keys,
      clock: () => epochSeconds(clock),
      timer: systemTimer,
      policy,
      write: (written) => {
        record = written;
      },
    });
    const event = apiGatewayEvent(contract, { headers: sent.headers, body: sent.body || null });
    const result = await handler(event, {
      ...context(event.requestContext.requestId),
      getRemainingTimeInMillis: () => 600_000,
    });
    const told = { by: sent.by, clock, presented: presentedIn(sent), text: result.body };
    examine(record?.outcome ?? 'failed', asked, told);
    const headers = new Headers(
      Object.entries(result.headers ?? {}).map(([n, v]) => [n, String(v)]),
    );
    headers.set('Date', new Date(seconds() * 1000).toUTCString());
    return { status: result.statusCode, headers, text: result.body };
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
          asked.units += Math.ceil(bytesOf(written.item) / 1024);
          if (written.outcome === 'written') asked.writes += 1;
          if (!random.happens(0.02)) return written;
          // Its answer was lost, and the SDK sent it again.
          await time.sleep(random.between(0, 1900));
          return { ...(await memory.update(write)), retried: true };
        }),
    };
  }

  /** Counts what happened, and names what must not. */
  function examine(outcome: RequestRecord['outcome'], asked: Asked, told: Told): void {
    const problem = (what: string) =>
      counts.problems.push(`${what}: ${outcome}, ${JSON.stringify({ ...told, ...asked, noon })}`);
    const generation = Number(asked.row?.generation ?? 0);
    const parentGeneration = Number(asked.row?.parentGeneration ?? generation - 1);
    const { number, expiresAt } = told.presented;
    const before = asked.row ?? {};
    const isDead =
      policy.rotation !== 'fixed' &&
      asked.row !== undefined &&
      (expiresAt ?? Number.POSITIVE_INFINITY) > told.clock &&
      ![generation, parentGeneration].includes(number);
    const alive = before.revokedAt === undefined;
    note(
      `${Math.round(time.now())} ms: ${told.by} presents ${number}, of ${parentGeneration} and ${generation}: ${outcome}`,
    );
    counts.requests += 1;
    counts.storageRequests += asked.requests;
    counts.writeUnits += asked.units;
    if (isDead && alive) counts.deadUses += 1;

    const isFailure = outcome === 'unavailable' || outcome === 'timed-out';
    const most = isDead && alive ? 2 : 1;
    if (asked.requests < 1 || asked.requests > most) problem('too many storage requests');
    if (asked.units > asked.requests) problem('too many write units');
    if (tokens && policy.rotation === 'fixed' && asked.units > 0)
      problem('a refresh that only reads');

    if (outcome === 'refreshed') {
      counts.refreshed += 1;
      if (!alive) problem('a revoked session answers');
      if (isDead) problem('a dead secret answers');
      const rotates = policy.rotation !== 'fixed';
      if (rotates && asked.writes > 0) counts.rotated += 1;
      if (rotates && asked.writes === 0) counts.replayed += 1;
      if (asked.writes > 0 && number === parentGeneration && number !== generation)
        counts.skipped += 1;
      aliveUntil = Math.max(aliveUntil, toldUntil(told));
    } else if (isFailure) {
      if (asked.lost) counts.answersLost += 1;
      else if (!asked.row) return;
      else counts.settling += 1;
    } else if (outcome === 'revoked') {
      if (alive) problem('nobody revoked it');
    } else if (outcome === 'lifetime-over') {
      if (told.clock < endsAt) problem('refused before its end');
    } else if (outcome === 'idle-too-long') {
      const deadline = expiresAt ?? aliveUntil;
      if (told.clock < deadline - skew) problem('refused before its idle timeout');
      if (told.by === 'the user') expired = (deadline - noon) * 1000;
    } else if (outcome === 'reused-secret') {
      if (!isDead) problem('a secret that is not dead');
    } else problem('an honest request is refused');
  }

  function toldUntil({ clock, text }: Told): number {
    const { expireTime } = JSON.parse(text);
    return Math.min(endsAt, typeof expireTime === 'number' ? expireTime / 1000 : clock + idle);
  }

  /** Which secret of the session was presented, and when its token expires. */
  function presentedIn({ headers, body }: Sent) {
    const { accessToken } = credentialOf(held);
    const secret = new URLSearchParams(body).get('secureCode') ?? '';
    if (accessToken === undefined) return { number: numberOf(secret), expiresAt: undefined };
    const [, payload = ''] = (headers.authorization ?? '').split('.');
    const { exp, sec } = JSON.parse(Buffer.from(payload, 'base64').toString());
    return { number: numberOf(sec), expiresAt: Number(exp) };
  }
}

/** What a Lambda asked of the table for one request. */
interface Asked {
  requests: number;
  units: number;
  writes: number;
  /** Whether an answer of the table was lost. */
  lost: boolean;
  /** The row when it was first asked for. */
  row: Item | undefined;
}

/** What a request presented, and what was answered, by its Lambda's clock. */
interface Told {
  readonly by: Sent['by'];
  readonly clock: number;
  readonly presented: { readonly number: number; readonly expiresAt: number | undefined };
  readonly text: string;
}

/** The number of a secret: 0 is the one that the login gave. */
function numberOf(secret: string): number {
  const [, digits] = /^(\d+)\.[\w-]{22}\./.exec(secret) ?? [];
  return Number(digits ?? 0);
}

/** The size of a row as DynamoDB counts it, but for numbers, which take eight bytes at most. */
function bytesOf(item: Item | undefined): number {
  return Object.entries(item ?? {})
    .map(
      ([name, value]) => name.length + (typeof value === 'string' ? Buffer.byteLength(value) : 8),
    )
    .reduce((sum, bytes) => sum + bytes, 0);
}

const keysOf = (() => {
  const known = new Map<string, ReturnType<typeof deriveKeys>>();
  return (name: string) => {
    const keys = known.get(name) ?? deriveKeys(name, material);
    known.set(name, keys);
    return keys;
  };
})();
