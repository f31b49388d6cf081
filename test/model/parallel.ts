import type { Contract } from '../../functions/core/edge/contract.ts';
import type { Rotation } from '../../functions/core/session/policy.ts';
import type { SessionId } from '../../functions/core/session/session.ts';
import { noon, type World } from '../support/world.ts';
import { type Book, newBook } from './book.ts';
import { type Act, type Done, heldBy, operationOf } from './done.ts';
import { type Acted, linearizable, recorder } from './linearizable.ts';
import { makeRig, type Rig } from './rig.ts';
import { sequential, text } from './sequential.ts';
import { callOf, secretIn, tokenOf, untilOf } from './wire.ts';

/**
 * What one client does, an act after the other, how far its Lambda's clock is off, and what that
 * Lambda knows of rotation: while a stage is deployed, not all know the same.
 */
export interface Line {
  readonly skew: number;
  readonly acts: readonly Act[];
  readonly rotation?: Rotation;
}

/**
 * Does what comes before, line after line, then all lines at once, then looks at the row. Answers whether all that was
 * told, and the row, can be told of one order in which the acts came.
 */
export async function play(
  world: World,
  contract: Contract,
  id: string,
  before: readonly Line[],
  lines: readonly Line[],
) {
  const { history, record } = recorder<Done>();
  // What the lines before were given, the others hold.
  let begun: readonly string[] = [];
  const perform = async ({ skew, acts, rotation = 'fixed' }: Line) => {
    const book = newBook();
    book.now = noon + skew;
    book.change(contract, { ...contract.policy, rotation });
    const rig = makeRig(world, book);
    const held = [...begun];
    for (const act of acts) {
      const secret = heldBy(act, held);
      const operation = operationOf(act, contract, id, book, secret);
      await record(operation, () => run({ rig, book, contract, id, held }, operation));
    }
    return held;
  };
  for (const line of before) begun = await perform(line);
  await Promise.all(lines.map(perform));
  await perform({ skew: 0, acts: [{ do: 'look' }] });
  const { secretFamily = 'none' } = (await world.row(contract, id)) ?? {};
  const specification = sequential(contract, id, world.keys(contract), secretFamily);
  const fits = linearizable({ row: undefined, thefts: [] }, history, specification);
  return { fits, history };
}

interface Player {
  readonly rig: Rig;
  readonly book: Book;
  readonly contract: Contract;
  readonly id: string;
  /** Every secret that this line was given, the newest last. */
  readonly held: string[];
}

/** Does it, and gives what was told; nothing of a `revoke-all`, whose count is of many rows. */
async function run(player: Player, operation: Done): Promise<Acted<Done>> {
  const { rig, contract, id: sessionId } = player;
  if (operation.do === 'look') {
    const { claims, ...row } = (await rig.world.row(contract, sessionId as SessionId)) ?? {};
    return { told: text('rowKey' in row ? row : undefined) };
  }
  if (operation.do === 'refresh') return refresh(player, operation);
  if (operation.do === 'purge' || operation.do === 'end')
    throw new Error('it is no race: nothing but TTL, and a refresh, does it');
  const by = 'by' in operation ? operation.by : { anonymous: true };
  const whose = operation.do === 'open' || operation.do === 'login' ? by : {};
  const which = operation.do === 'revoke-all' ? { subject: operation.subject } : { sessionId };
  const answer = await rig.run(operation.do, { contract: contract.name, ...which, ...whose });
  if (operation.do === 'revoke-all') return {};
  if (answer.outcome !== 'done')
    return { told: 'reason' in answer ? answer.reason : answer.problem };
  const { expireTime, expiresAt, revokedAt }: Record<string, unknown> = { ...answer.result };
  return { told: `until ${revokedAt ?? expiresAt ?? Number(expireTime) / 1000}` };
}

async function refresh(
  { rig, book, contract, id, held }: Player,
  { presents: secret, now, token, policy }: Extract<Done, { do: 'refresh' }>,
): Promise<Acted<Done>> {
  const [key] = rig.keys(contract).signing;
  const times = { iat: now, exp: token?.expiresAt ?? now };
  const answer = await rig.post(
    contract,
    callOf(contract, id, secret, key ? tokenOf(key, { id, secret, ...times }) : ''),
  );
  if (answer.status !== 200) {
    const theft = answer.outcome === 'reused-secret' && policy.rotation !== 'fixed';
    const then: Done | undefined = theft ? { do: 'end', now } : undefined;
    return { told: `${answer.outcome}: ${answer.plain}`, then };
  }
  const given = secretIn(contract, answer);
  if (given !== undefined) held.push(given);
  const until = untilOf(contract, answer, book.now);
  return { told: `until ${until}${given === undefined ? '' : ` by ${given}`}` };
}
