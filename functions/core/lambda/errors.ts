import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Contract } from '../contract/contract.ts';
import type { Fault } from '../contract/fault.ts';
import { KeysUnavailable } from '../keys/keys.ts';
import { StorageTimedOut, StorageUnavailable } from '../session/table.ts';
import { errorRecord } from './error-record.ts';
import type { RecordedEvent } from './record.ts';
import { response } from './response.ts';

/**
 * The Lambda is about to time out. middy has aborted the signal, which cancels the storage request.
 */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** Answers every error with the contract's own error body, and adds the error to the log record. */
export function answerErrors(
  contract: Contract,
): MiddlewareObj<RecordedEvent, APIGatewayProxyResult, Error> {
  return {
    onError(request) {
      const { error, event } = request;
      const fault = faultOf(error);
      event.record.outcome = fault;
      event.record.error = errorRecord(error);
      request.response = response(contract.refuse(fault, event.ids.gateway), event.ids);
    },
  };
}

/**
 * Returns the fault of an error: `unavailable` or `timed-out` if storage or keys do not answer (an
 * outage), `failed` for every other error (a bug).
 */
export function faultOf(error: unknown): Extract<Fault, 'failed' | 'unavailable' | 'timed-out'> {
  if (error instanceof StorageTimedOut || error instanceof OutOfTime) return 'timed-out';
  if (error instanceof StorageUnavailable || error instanceof KeysUnavailable) return 'unavailable';
  return 'failed';
}
