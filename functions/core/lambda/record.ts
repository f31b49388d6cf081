import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Watch } from '../session/table.ts';
import type { Timer } from '../time.ts';
import type { ErrorRecord } from './error-record.ts';
import type { Outcome } from './outcome.ts';
import { type RequestIds, requestIds } from './request-ids.ts';

/** What is written of a request: never a credential, a token, a key, a body, a query or a claim. */
export interface RequestRecord extends Partial<Priming> {
  readonly contract: string;
  /** API Gateway's name for the request, as in its access log; a client can have set it. */
  readonly requestId: string;
  /** API Gateway's other name for it, which no client sets. */
  readonly extendedRequestId?: string;
  /** The client's own name for it. */
  readonly clientRequestId: string;
  /** Which api key was used: its id, never its value. */
  readonly apiKeyId?: string;
  /** Whether the Lambda began with this request. */
  readonly coldStart: boolean;
  /** `failed` until it is known. */
  outcome: Outcome;
  /** The answer's HTTP status; 0 until there is one. */
  status: number;
  /** How logs name the session; `show` prints a session's. */
  session?: string;
  /** What was asked of the table, the SDK's own retries included, and how long that took. */
  storageRequests: number;
  storageMs: number;
  totalMs: number;
  /** What was thrown. */
  error?: ErrorRecord;
}

/** What came of priming, which `prime.ts` does while a Lambda initialises. */
export interface Priming {
  /** Whether the throw-away refresh got its answer within the limit. */
  readonly primed: boolean;
  /** How long it took, in milliseconds. */
  readonly primedMs: number;
}

/** Writes a record somewhere. */
export type WriteRecord = (record: RequestRecord) => void;

/** An event that its request is known of: its ids, and the record that is being filled in. */
export type RecordedEvent = APIGatewayProxyEvent & {
  readonly ids: RequestIds;
  readonly record: RequestRecord;
};

/**
 * Begins the record of a request, and writes it with the answer. The record of the first request has what
 * came of priming.
 */
export function recordRequests(
  contract: string,
  write: WriteRecord,
  timer: Timer,
  priming: Priming | undefined,
): MiddlewareObj<RecordedEvent, APIGatewayProxyResult> {
  let coldStart = true;
  const begun = new WeakMap<RequestRecord, number>();
  // Returns nothing: what a hook of middy's returns takes the answer's place.
  const finish = ({ event: { record }, response }: Finished) => {
    record.status = response?.statusCode ?? 0;
    record.totalMs = rounded(timer() - (begun.get(record) ?? 0));
    record.storageMs = rounded(record.storageMs);
    write(record);
  };
  return {
    before(request) {
      const ids = requestIds(request.event);
      const record = { ...beginning(contract, ids, coldStart), ...(coldStart && priming) };
      coldStart = false;
      begun.set(record, timer());
      request.event = { ...request.event, ids, record };
    },
    after: finish,
    onError: finish,
  };
}

/** Counts the storage requests of a record, and the time that they take. */
export function meter(record: RequestRecord, timer: Timer): Watch {
  return async (request) => {
    const began = timer();
    try {
      const answer = await request;
      record.storageRequests += attemptsOf(answer);
      return answer;
    } catch (error) {
      record.storageRequests += attemptsOf(error);
      throw error;
    } finally {
      record.storageMs += timer() - began;
    }
  };
}

/** How often the SDK sent a request: it says so in an answer and in an error alike. */
function attemptsOf(outcome: unknown): number {
  const { $metadata } = outcome as { readonly $metadata?: { readonly attempts?: number } };
  return $metadata?.attempts ?? 1;
}

interface Finished {
  readonly event: RecordedEvent;
  readonly response?: APIGatewayProxyResult | null | undefined;
}

function beginning(contract: string, ids: RequestIds, coldStart: boolean): RequestRecord {
  const { gateway, extended, client, apiKey } = ids;
  return {
    contract,
    requestId: gateway,
    ...(extended && { extendedRequestId: extended }),
    clientRequestId: client,
    ...(apiKey && { apiKeyId: apiKey }),
    coldStart,
    outcome: 'failed',
    status: 0,
    storageRequests: 0,
    storageMs: 0,
    totalMs: 0,
  };
}

/** To the microsecond. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
