import type { Contract } from '../../functions/core/edge/contract.ts';
import type { Book } from './book.ts';
import type { Operation, Person } from './model.ts';
import type { Refreshing } from './refreshed.ts';

/** What is done to a session; when and by which policy, the Lambda that does it knows. */
export type Act =
  | { readonly do: 'open'; readonly by?: Person }
  | { readonly do: 'login'; readonly by: Person }
  | { readonly do: 'refresh'; readonly secret: string }
  /** By a secret that the line was given: the newest, or one that was so many before. */
  | { readonly do: 'refresh'; readonly back: number }
  | { readonly do: 'revoke' }
  | { readonly do: 'look' }
  | { readonly do: 'revoke-all'; readonly subject: string };

/** An operation as it was done: what was presented is text, and a theft ends its session separately. */
export type Done =
  | Exclude<Operation, Refreshing>
  | (Omit<Refreshing, 'secret' | 'draws'> & { readonly presents: string })
  | { readonly do: 'end'; readonly now: number };

/** What a line presents: what the act names, or what the line was given. */
export function heldBy(act: Act, held: readonly string[]): string {
  if (act.do !== 'refresh') return '';
  if ('secret' in act) return act.secret;
  return held.at(-1 - (act.back % Math.max(held.length, 1))) ?? 'x';
}

/** The act at its time, by its policy. */
export function operationOf(
  act: Act,
  contract: Contract,
  id: string,
  book: Book,
  presents: string,
): Done {
  const { now } = book;
  const policy = book.policy(contract);
  // People of this id alone: a revoke-all of another id's race is none of this history.
  const own = (subject: string) => `${subject}-of-${id}`;
  if (act.do === 'look') return { do: act.do };
  if (act.do === 'revoke') return { do: act.do, now };
  if (act.do === 'revoke-all') return { do: act.do, now, subject: own(act.subject) };
  if (act.do === 'refresh') {
    const life = typeof policy.idle === 'number' ? undefined : policy.idle.token;
    const token = life === undefined ? {} : { token: { expiresAt: now + life, life } };
    return { do: act.do, now, policy, presents, ...token };
  }
  const theirs = (by: Person) => ({ ...by, subject: own(by.subject) });
  if (act.do === 'login') return { do: act.do, now, policy, by: theirs(act.by) };
  return { do: act.do, now, policy, ...(act.by && { by: theirs(act.by) }) };
}
