import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Contract } from './contract.ts';
import { errorRecord } from './error-record.ts';
import { faultOf } from './fault.ts';
import type { RecordedEvent } from './record.ts';
import { respond } from './reply.ts';

/** Whatever is thrown past here leaves in the contract's own words, and says nothing of ours. */
export function wireErrors(
  contract: Contract,
): MiddlewareObj<RecordedEvent, APIGatewayProxyResult, Error> {
  return {
    onError(request) {
      const { error, event } = request;
      const fault = faultOf(error);
      event.record.outcome = fault;
      event.record.error = errorRecord(error);
      request.response = respond(contract.refuse(fault, event.ids.gateway), event.ids);
    },
  };
}
