import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Watch } from '../session/table.ts';
import type { Timer } from '../time.ts';
import type { ErrorRecord } from './error-record.ts';
import type { Outcome } from './outcome.ts';
import { type RequestIds, requestIds } from './request-ids.ts';

/**
 * The log record of a request. It never contains a credential, a token, a key, a body, a query or a
 * claim.
 */
export interface RequestRecord extends Partial<Priming> {
  readonly contract: string;
  /**
   * API Gateway's id of the request, as in its access log. If a client set that id to something
   * other than a UUID, it is a new UUID.
   */
  readonly requestId: string;
  /** API Gateway's extended id, which no client can set. */
  readonly extendedRequestId?: string;
  /** The client's own id of the request. */
  readonly clientRequestId: string;
  /** The id of the api key, never its value. */
  readonly apiKeyId?: string;
  /** Whether this is the first request of its execution environment. */
  readonly coldStart: boolean;
  /** `failed` until the outcome is known. */
  outcome: Outcome;
  /** The HTTP status of the answer; 0 until the request is answered. */
  status: number;
  /** The session's hash. `sessions show` prints it. */
  session?: string;
  /** The number of storage requests, including the SDK's retries, and the time that they took. */
  storageRequests: number;
  storageMs: number;
  totalMs: number;
  /** The error. */
  error?: ErrorRecord;
}

/** The result of priming, which `prime.ts` does while a Lambda initialises. */
export interface Priming {
  /** Whether the throw-away refresh succeeded within the time limit. */
  readonly primed: boolean;
  /** Its duration in milliseconds. */
  readonly primedMs: number;
}

/** Writes the record of a request. */
export type WriteRecord = (record: RequestRecord) => void;

/** An event with its ids and with the record that is being filled in. */
export type RecordedEvent = APIGatewayProxyEvent & {
  readonly ids: RequestIds;
  readonly record: RequestRecord;
};

/**
 * Creates the record of each request, and writes it when the request is answered. The record of the
 * first request includes the result of priming.
 */
export function recordRequests(
  contract: string,
  write: WriteRecord,
  timer: Timer,
  priming: Priming | undefined,
): MiddlewareObj<RecordedEvent, APIGatewayProxyResult> {
  let coldStart = true;
  const begun = new WeakMap<RequestRecord, number>();
  // Returns nothing, because middy would use a returned value as the answer.
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

/** Adds storage requests and their time to a record. */
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

/** How many times the SDK sent a request. The SDK's answers and errors both have this number. */
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

/** Rounds to whole microseconds. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
