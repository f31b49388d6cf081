import type { Contract } from '../../functions/core/contract/contract.ts';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import { splitClaims } from '../../functions/core/session/claims.ts';
import { timesAtOpening, timesOf, writesAtRefresh } from '../../functions/core/session/policy.ts';
import { digest } from '../../functions/core/session/secret.ts';
import {
  type Claims,
  type LoggedInSession,
  rowKey,
  type Secret,
  type SessionId,
} from '../../functions/core/session/session.ts';
import { epochSeconds } from '../../functions/core/time.ts';
import { claims } from '../capacity.ts';

/** What a session of some claims takes of the table, and what its client is answered. */
export interface Footprint {
  /** Request units of one refresh. */
  readonly write: number;
  readonly read: number;
  readonly requests: number;
  /** Write units of opening it, its place in the index included. */
  readonly opening: number;
  /** What it stores, in bytes, with the hundred that DynamoDB counts for every item and index entry. */
  readonly stored: number;
  readonly answer: number;
}

/** A session of so many kB of claims, made by the code that opens, keeps and answers it. */
export async function footprint(contract: Contract, kB: number): Promise<Footprint> {
  const session = opened(contract, kB);
  const writes = writesAtRefresh(contract.policy);
  const apart = writes ? splitClaims(session.rowKey, session, session.purgeAt) : { row: session };
  const kept = bytes(apart.row);
  const own = apart.claims ? bytes(apart.claims) : 0;
  const index = bytes({ rowKey: session.rowKey, subject: session.subject });
  const reads = (size: number) => Math.ceil(size / 4096);
  const { body } = await contract.grant(
    {
      session,
      secret,
      now,
      ...timesOf(session, contract.policy, now),
      requestId: '51368f50-4a67-42d4-803c-ddc80c0be491',
    },
    keysOf(contract),
  );
  return {
    write: writes ? Math.ceil(kept / 1024) : 0,
    read: writes ? reads(own) : reads(kept),
    requests: own > 0 ? 2 : 1,
    opening: Math.ceil(kept / 1024) + Math.ceil(own / 1024) + 1,
    stored: kept + 100 + (own > 0 ? own + 100 : 0) + index + 100,
    answer: Buffer.byteLength(body),
  };
}

const now = epochSeconds(1_795_305_600);
const id: string = '9a0b6679-c460-41a3-b26c-26e0d69538c6';
const word: string = 'xQ5b8m2Jw0cV7nL4tR9yK1sD6fG3hA8pZ0eU5iO2qWs';
const secret = word as Secret;

function keysOf({ name }: Contract) {
  const material = { root: 'r'.repeat(64), signing: 's'.repeat(64) };
  return deriveKeys(name, material);
}

function opened(contract: Contract, kB: number): LoggedInSession {
  const key = rowKey(contract.name, id as SessionId);
  return {
    rowKey: key,
    subject: `${contract.name}#20004007594`,
    secret: digest(keysOf(contract).digest, key, secret),
    claims: claims[contract.name as keyof typeof claims](kB * 1000) as Claims,
    ...timesAtOpening(contract.policy, now),
  };
}

/** The size of an item as DynamoDB counts it: names and texts in UTF-8, a number by its digits. */
function bytes(item: object): number {
  const size = (value: unknown) =>
    typeof value === 'string' ? Buffer.byteLength(value) : Math.ceil(String(value).length / 2) + 1;
  return Object.entries(item).reduce((sum, [name, value]) => sum + name.length + size(value), 0);
}
