import middy from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import type { Policy } from '../session/policy.ts';
import { digest } from '../session/secret.ts';
import { rowKey, sessionHash } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import { readSuccessor, secretNow } from '../session/successor.ts';
import type { Clock, Timer } from '../time.ts';
import type { KeySource } from '../token/keys.ts';
import type { Contract, Presented, Unread } from './contract.ts';
import { cors } from './cors.ts';
import { meter } from './meter.ts';
import type { Outcome } from './outcome.ts';
import { type RecordedEvent, record, type WriteRecord } from './record.ts';
import { type Reply, respond } from './reply.ts';
import { wireErrors } from './wire-errors.ts';
import { wireRequest } from './wire-request.ts';

/** What a contract runs on. */
export interface Services {
  readonly store: SessionStore;
  readonly keys: KeySource;
  readonly clock: Clock;
  readonly timer: Timer;
  /** The contract's own, or the stage's in its place. */
  readonly policy: Policy;
  /** Origins whose pages may read an answer; none where it is absent. */
  readonly origins?: readonly string[];
  readonly write: WriteRecord;
}

/** A contract's Lambda. */
export type RefreshLambda = (
  event: APIGatewayProxyEvent,
  context: Context,
) => Promise<APIGatewayProxyResult>;

/** A contract as a Lambda: at most one storage request, whatever comes. */
export function refreshHandler(contract: Contract, services: Services): RefreshLambda {
  return middy({ timeoutEarlyInMillis })
    .use(record(contract.name, services.write, services.timer))
    .use(cors(services.origins ?? []))
    .use(wireErrors(contract))
    .handler(async (event: RecordedEvent, _: Context, { signal }) => {
      const reply = await refresh(contract, services, event, signal);
      return respond(reply, event.ids);
    }) as RefreshLambda;
}

/** So long before the Lambda's own end the client is told that it timed out, in its own words. */
const timeoutEarlyInMillis = 500;

async function refresh(
  contract: Contract,
  { store, keys: keySource, clock, timer, policy }: Services,
  event: RecordedEvent,
  signal: AbortSignal,
): Promise<Reply> {
  const { ids, record } = event;
  const refuse = (reason: Exclude<Outcome, 'refreshed'>) => {
    record.outcome = reason;
    return contract.refuse(reason, ids.gateway);
  };

  const request = wireRequest(event, contract.body);
  if (typeof request === 'string') return refuse(request);
  const keys = await keySource();
  const presented: Presented | Unread = contract.read(request, keys);
  if (typeof presented === 'string') return refuse(presented);

  const { id, secret, ...token } = presented;
  const now = clock();
  const row = rowKey(contract.name, id);
  record.session = sessionHash(row);
  const proof = readSuccessor(keys.successor, row, secret) ?? digest(keys.digest, row, secret);
  const claim = { secret: proof, ...token };
  const watch = meter(record, timer);
  const refreshed = await store.refresh({ row, claim, policy, now, signal, watch });
  if (refreshed.outcome === 'refused') return refuse(refreshed.reason);
  record.outcome = 'refreshed';
  const { session } = refreshed;
  const granted = {
    session,
    secret: secretNow(keys.successor, session, { proof, presented: secret }),
    now,
    issuedAt: policy.rotation === 'fixed' ? now : session.refreshedAt,
    policy,
    requestId: ids.gateway,
  };
  return contract.grant(granted, keys);
}
