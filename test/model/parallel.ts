import type { Contract } from '../../functions/core/edge/contract.ts';
import type { SessionId } from '../../functions/core/session/session.ts';
import { noon, type World } from '../support/world.ts';
import { newBook } from './book.ts';
import { linearizable, recorder } from './linearizable.ts';
import { type Operation, type Person, type Row, step } from './model.ts';
import { makeRig, type Rig } from './rig.ts';
import { callOf, refusalOf, sessionOf, tokenOf, untilOf } from './wire.ts';

/** What is done to a session; when and by which policy, the Lambda that does it knows. */
export type Act =
  | { readonly do: 'open'; readonly by?: Person }
  | { readonly do: 'login'; readonly by: Person }
  | { readonly do: 'refresh'; readonly secret: string }
  | { readonly do: 'revoke' }
  | { readonly do: 'look' }
  | { readonly do: 'revoke-all'; readonly subject: string };

/** What one client does, an act after the other, and how far its Lambda's clock is off. */
export interface Line {
  readonly skew: number;
  readonly acts: readonly Act[];
}

/**
 * Does what comes first, then all lines at once, then looks at the row. Answers whether all that was
 * told, and the row, can be told of one order in which the acts came.
 */
export async function play(
  world: World,
  contract: Contract,
  id: string,
  first: readonly Act[],
  lines: readonly Line[],
) {
  const { history, record } = recorder<Operation>();
  const perform = async ({ skew, acts }: Line) => {
    const book = newBook();
    book.now = noon + skew;
    const rig = makeRig(world, book);
    for (const act of acts) {
      const operation = operationOf(act, contract, id, book.now);
      await record(operation, () => run(rig, contract, id, operation));
    }
  };
  await perform({ skew: 0, acts: first });
  await Promise.all(lines.map(perform));
  await perform({ skew: 0, acts: [{ do: 'look' }] });
  const keys = world.keys(contract);
  const fits = linearizable<Row | undefined, Operation>(undefined, history, (row, operation) => {
    const { row: state, told } = step(row, operation);
    if ('seen' in told)
      return { state, told: text(told.seen && sessionOf(contract, id, told.seen, keys)) };
    if (told.granted) return { state, told: `until ${told.until}` };
    const { reason } = told;
    const wire = operation.do === 'refresh' && reason !== 'id-taken' && reason !== 'logged-in';
    return { state, told: wire ? refusalOf(contract, reason) : reason };
  });
  return { fits, history };
}

function operationOf(act: Act, { policy }: Contract, id: string, now: number): Operation {
  // People of this id alone: a revoke-all of another id's race is none of this history.
  const own = (subject: string) => `${subject}-of-${id}`;
  if (act.do === 'look') return { do: act.do };
  if (act.do === 'revoke') return { do: act.do, now };
  if (act.do === 'revoke-all') return { do: act.do, now, subject: own(act.subject) };
  if (act.do === 'refresh') {
    const life = typeof policy.idle === 'number' ? undefined : policy.idle.token;
    const expires = life !== undefined && { expiresAt: now + life };
    return { do: act.do, now, policy, secret: act.secret, ...expires };
  }
  const theirs = (by: Person) => ({ ...by, subject: own(by.subject) });
  if (act.do === 'login') return { do: act.do, now, policy, by: theirs(act.by) };
  return { do: act.do, now, policy, ...(act.by && { by: theirs(act.by) }) };
}

/** Does it, and gives what was told; nothing of a `revoke-all`, whose count is of many rows. */
async function run(
  rig: Rig,
  contract: Contract,
  sessionId: string,
  operation: Operation,
): Promise<string | undefined> {
  const { name } = contract;
  if (operation.do === 'look') {
    const { claims, ...row } = (await rig.world.row(contract, sessionId as SessionId)) ?? {};
    return text('rowKey' in row ? row : undefined);
  }
  if (operation.do === 'refresh') {
    const { secret, now, expiresAt = now } = operation;
    const [key] = rig.keys(contract).signing;
    const token = key ? tokenOf(key, sessionId, secret, expiresAt) : '';
    const answer = await rig.post(contract, callOf(contract, sessionId, secret, token));
    return answer.status === 200 ? `until ${untilOf(contract, answer, now)}` : answer.plain;
  }
  if (operation.do === 'purge') throw new Error('a purge is no race: nothing but TTL deletes');
  const by = 'by' in operation ? operation.by : { anonymous: true };
  const whose = operation.do === 'open' || operation.do === 'login' ? by : {};
  const which = operation.do === 'revoke-all' ? { subject: operation.subject } : { sessionId };
  const answer = await rig.run(operation.do, { contract: name, ...which, ...whose });
  if (operation.do === 'revoke-all') return undefined;
  if (answer.outcome !== 'done') return 'reason' in answer ? answer.reason : answer.problem;
  const { expireTime, expiresAt, revokedAt }: Record<string, unknown> = { ...answer.result };
  return `until ${revokedAt ?? expiresAt ?? Number(expireTime) / 1000}`;
}

/** The same text for the same row, in whatever order it was written. */
function text(row: object | undefined): string {
  return JSON.stringify(Object.entries(row ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}
