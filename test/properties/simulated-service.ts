import { randomUUID } from 'node:crypto';
import type { Outcome } from '../../functions/core/lambda/outcome.ts';
import type { Policy } from '../../functions/core/session/policy.ts';
import { epochSeconds } from '../../functions/core/time.ts';
import { payload } from '../admin/support.ts';
import type { Client } from '../client/support.ts';
import { memoryWorld, noon } from '../support/world.ts';
import type { Random, VirtualTime } from './virtual-time.ts';

/** Where an answer is lost, the write is done; where something is out of reach, it is not. */
export const troubles = [
  'the service is out of reach',
  'its answer is lost',
  'the table is out of reach',
  'the answer of the table is lost',
  'the gateway answers 503',
] as const;

/** What one simulation is made of. */
export interface Simulation {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly client: Client;
  readonly policy: Policy;
  /** What goes wrong, and in which milliseconds. */
  readonly outages: readonly { from: number; until: number; trouble: (typeof troubles)[number] }[];
}

/** What has happened. `skipped`: rotations for the parent. `settling`: requests that had to ask again. */
export const counts = { refreshed: 0, rotated: 0, skipped: 0, replayed: 0, settling: 0, lost: 0 };

/** The outcomes of a client that does nothing wrong. The exhaustive search shows that each is due. */
const due: readonly (Outcome | undefined)[] = [
  ...(['refreshed', 'settling', 'unavailable'] as const),
  ...(['revoked', 'idle-too-long', 'lifetime-over'] as const),
];

export type Service = Awaited<ReturnType<typeof simulatedService>>;

/** The real handler of one contract with one session, behind everything that fails. */
export async function simulatedService({ time, random, client, policy, outages }: Simulation) {
  const { contract } = client;
  const world = memoryWorld();
  const keys = world.keys(contract);
  Object.assign(world, { keys: () => keys });
  world.policies.set(contract.serves, policy);
  const held = await world.open(contract);
  const { sessionId } = held;
  const seconds = () => noon + time.now() / 1000;
  /** What must not have happened. */
  const problems: string[] = [];
  let hasRefused = false;
  let expired: number | undefined;

  return {
    problems,
    /** What the login gave. */
    held,
    /** Whether it refused a request because the session was over. */
    hasRefused: () => hasRefused,
    /** When the session expired, in milliseconds, if a client was refused for that. */
    expired: () => expired,
    revoke() {
      Object.assign(world, { now: epochSeconds(seconds()), outage: undefined });
      return world.run('revoke', { contract: contract.name, sessionId });
    },
    /** The answer to a request; nothing where none comes back. */
    async answer(request: Request) {
      const outage = outages.find(({ from, until }) => from <= time.now() && time.now() < until);
      const trouble = outage?.trouble ?? (random.happens(0.05) ? random.of(troubles) : undefined);
      const refused = (reason: 'unavailable' | 'timed-out') => {
        const { status, headers = {}, body: text } = contract.refuse(reason, randomUUID());
        return { status, headers, text };
      };
      if (trouble === 'the service is out of reach') return undefined;
      if (trouble === 'the gateway answers 503') {
        const headers = random.of<object>([{}, { 'Retry-After': '25' }, { 'Retry-After': '3600' }]);
        const text = random.of(['', '<html>', refused('unavailable').text]);
        return { status: 503, headers, text };
      }
      // Two Lambdas' clocks are three seconds apart, and a write can reach the table two seconds late.
      const late = random.happens(0.03) ? 2 : 0;
      world.now = epochSeconds(seconds() + random.of([0, 1, 2, 3]) - late);
      world.outage = trouble === 'the table is out of reach' ? 'unavailable' : undefined;
      const before = await world.row(contract, sessionId);
      const headers: Readonly<Record<string, string>> = Object.fromEntries(request.headers);
      const answer = await world.post(contract, { headers, body: await request.text() });
      const outcome = world.records.pop()?.outcome;
      const after = await world.row(contract, sessionId);
      if (!due.includes(outcome)) problems.push(`${outcome}, ended: ${after?.revokedBy}`);
      if (outcome === 'refreshed' || outcome === 'settling') counts[outcome] += 1;
      else if (outcome !== 'unavailable') hasRefused = true;
      if (outcome === 'idle-too-long') {
        const { authorization: token } = headers;
        expired = ((token ? payload(token).exp : before?.idleUntil) - noon) * 1000;
      }
      if (outcome === 'refreshed' && policy.rotation !== 'fixed') {
        const isNew = after?.generation !== before?.generation;
        counts[isNew ? 'rotated' : 'replayed'] += 1;
        if (isNew && after?.parentGeneration !== (before?.generation ?? 0)) counts.skipped += 1;
      }
      if (trouble === undefined || trouble === 'the table is out of reach') return answer;
      counts.lost += 1;
      return trouble === 'its answer is lost' ? undefined : refused('timed-out');
    },
  };
}
