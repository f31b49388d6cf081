import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import type { Contract } from '../contract/contract.ts';
import { members } from '../contract/json-text.ts';
import type { Keys } from '../keys/keys.ts';
import { timesAtOpening, writesAtRefresh } from '../session/policy.ts';
import type { Item } from '../session/row.ts';
import { digest } from '../session/secret.ts';
import {
  type RowKey,
  rowKey,
  type Secret,
  type SessionId,
  subjectKey,
} from '../session/session.ts';
import type { Table } from '../session/table.ts';
import type { EpochSeconds } from '../time.ts';
import type { Priming, WriteRecord } from './record.ts';
import { refreshHandler, type Services, timeoutEarlyInMillis } from './refresh-handler.ts';

/** What priming needs. */
export interface PrimingServices extends Services {
  /** Used instead of `write`. */
  readonly rehearse: WriteRecord;
}

/**
 * Makes one throw-away refresh while the Lambda initialises, so that the first client request finds
 * open connections and compiled code. Never throws, takes at most one second, and writes no log
 * line and no metric.
 *
 * It makes the kind of storage request that this contract makes (a read or a write). That needs no
 * key, so it runs while the keys are read. Its session id is invalid, so there is no such row. The
 * write requires a row, so nothing is written. Then the code that serves clients builds answers
 * from an invented row. docs/decisions/0027-priming.md has the figures.
 */
export async function prime(contract: Contract, services: PrimingServices): Promise<Priming> {
  const { table, keys, policy, clock, timer } = services;
  const began = timer();
  const now = clock();
  const row = rowKey(contract.serves, id);
  const answered = async () => {
    const signal = AbortSignal.timeout(longestMs);
    await (writesAtRefresh(policy)
      ? table.update(impossibleWrite(row, now), { signal })
      : table.get(row, { signal }));
    return madeUp(contract, services, await keys(), now);
  };
  const item = answered();
  // Prevents an unhandled rejection if the handler ends before the storage request.
  item.catch(() => undefined);
  const stored: Table = {
    ...table,
    get: () => item,
    update: async () => ({ outcome: 'written', item: await item }),
  };
  const handler = refreshHandler(throwAway(contract), {
    ...services,
    table: stored,
    write: services.rehearse,
  });
  const pass = () =>
    handler(event as APIGatewayProxyEvent, context as Context).then(
      ({ statusCode }) => statusCode === 200,
      () => false,
    );
  let primed: boolean;
  let made = 0;
  do {
    primed = await pass();
    made += 1;
  } while (primed && made < passes && timer() - began < longestMs);
  return { primed, primedMs: Math.round(timer() - began) };
}

const longestMs = 1000;

/**
 * After so many answers, V8 has compiled what runs at every request, and has collected the garbage
 * of the start. Otherwise both happen during the first client requests.
 * docs/decisions/0028-bench.md has the figures.
 */
const passes = 20;

/** The part of a context that the pipeline reads. */
const context: Pick<Context, 'getRemainingTimeInMillis'> = {
  getRemainingTimeInMillis: () => longestMs + timeoutEarlyInMillis,
};

/** Not a valid session id: those never contain a `#`. */
const id = '#priming' as SessionId;
const secret = 'priming' as Secret;
const subject = 'priming';

/** Every body format accepts JSON. None of these values is a credential. */
const event: Partial<APIGatewayProxyEvent> = {
  headers: { 'Content-Type': 'application/json', Authorization: 'Bearer e30=.e30=.e30=' },
  multiValueQueryStringParameters: null,
  body: '{}',
  isBase64Encoded: false,
};

/**
 * The contract, but its `read` returns the credential of the invented session for every request.
 */
function throwAway(contract: Contract): Contract {
  return {
    ...contract,
    read(request, keys) {
      contract.read(request, keys);
      return { id, secret };
    },
  };
}

function impossibleWrite(rowKey: RowKey, now: EpochSeconds) {
  return {
    rowKey,
    set: ['refreshedAt = :now'],
    conditions: ['attribute_exists(rowKey)', 'refreshedAt < :never'],
    values: { ':now': now, ':never': 0 },
  };
}

/** The row of a session that is opened now, with the contract's default claims. */
function madeUp(contract: Contract, { policy }: Services, keys: Keys, now: EpochSeconds): Item {
  const { claims, defaultClaims } = contract.opening;
  const row = rowKey(contract.serves, id);
  return {
    rowKey: row,
    subject: subjectKey(contract.serves, subject),
    secret: digest(keys.digest, row, secret),
    claims: claims(members(defaultClaims), { subject, secret }),
    ...timesAtOpening(policy, now),
  };
}
