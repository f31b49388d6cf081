import middy from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import type { Contract } from '../contract/contract.ts';
import type { Reply } from '../contract/reply.ts';
import type { KeySource } from '../keys/keys.ts';
import type { Policy } from '../session/policy.ts';
import { rowKey, sessionHash } from '../session/session.ts';
import { sessions } from '../session/sessions.ts';
import type { Table } from '../session/table.ts';
import type { Clock, Timer } from '../time.ts';
import { cors } from './cors.ts';
import { answerErrors, OutOfTime } from './errors.ts';
import type { Outcome } from './outcome.ts';
import {
  meter,
  type Priming,
  type RecordedEvent,
  recordRequests,
  type WriteRecord,
} from './record.ts';
import { wireRequest } from './request.ts';
import { response } from './response.ts';

/** What a contract's Lambda needs. */
export interface Services {
  readonly table: Table;
  readonly keys: KeySource;
  readonly clock: Clock;
  readonly timer: Timer;
  /** The policy of the contract, or the one that the stage sets. */
  readonly policy: Policy;
  /** Origins whose pages may read an answer. Default: none. */
  readonly origins?: readonly string[];
  readonly write: WriteRecord;
  /** The result of priming, if the Lambda was primed. */
  readonly priming?: Priming;
}

/** A contract's Lambda. */
export type RefreshLambda = (
  event: APIGatewayProxyEvent,
  context: Context,
) => Promise<APIGatewayProxyResult>;

/** The Lambda of a contract. docs/architecture.md follows one request through it. */
export function refreshHandler(contract: Contract, services: Services): RefreshLambda {
  return middy({
    timeoutEarlyInMillis,
    timeoutEarlyResponse: () => {
      throw new OutOfTime('the Lambda is about to end');
    },
  })
    .use(recordRequests(contract.name, services.write, services.timer, services.priming))
    .use(cors(services.origins ?? []))
    .use(answerErrors(contract))
    .handler(async (event: RecordedEvent, _: Context, { signal }) => {
      const reply = await refresh(contract, services, event, signal);
      return response(reply, event.ids);
    }) as RefreshLambda;
}

/** The client gets the 504 this many milliseconds before the Lambda's own timeout. */
export const timeoutEarlyInMillis = 500;

async function refresh(
  contract: Contract,
  { table, keys: keySource, clock, timer, policy }: Services,
  { ids, record, ...event }: RecordedEvent,
  signal: AbortSignal,
): Promise<Reply> {
  const refuse = (
    reason: Exclude<Outcome, 'refreshed' | 'settling'>,
    outcome: Outcome = reason,
  ) => {
    record.outcome = outcome;
    return contract.refuse(reason, ids.gateway);
  };

  const request = wireRequest(event, contract.body);
  if (typeof request === 'string') return refuse(request);
  const keys = await keySource();
  const credential = contract.read(request, keys);
  if (typeof credential === 'string') return refuse(credential);

  record.session = sessionHash(keys.log, rowKey(contract.serves, credential.id));
  const now = clock();
  const at = { now, signal, watch: meter(record, timer) };
  const refreshed = await sessions({ contract: contract.serves, policy, keys, table }).refresh(
    credential,
    at,
  );
  if (refreshed.outcome === 'refused') return refuse(refreshed.reason);
  if (refreshed.outcome === 'retry') return refuse('unavailable', 'settling');
  record.outcome = 'refreshed';
  return contract.grant({ ...refreshed, now, requestId: ids.gateway }, keys);
}
