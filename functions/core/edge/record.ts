import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Refusal } from '../session/refusal.ts';
import type { Fault } from './fault.ts';
import { type RequestIds, requestIds } from './request-id.ts';

/** What is written of a request: never a credential, a token, a key, a body, a query or a claim. */
export interface RequestRecord {
  readonly contract: string;
  readonly requestId: string;
  readonly clientRequestId: string;
  outcome?: 'refreshed' | Refusal | Fault;
  /** How logs name the session; `show` prints a session's. */
  session?: string;
  /** What was thrown, without its message: that may quote what was sent. */
  error?: ErrorRecord;
}

/** An error's kind, and where it was thrown. */
export interface ErrorRecord {
  readonly name: string;
  readonly at: readonly string[];
}

/** Writes a record somewhere. */
export type WriteRecord = (record: RequestRecord) => void;

/** An event that its request is known of: its ids, and the record that is being filled in. */
export type RecordedEvent = APIGatewayProxyEvent & {
  readonly ids: RequestIds;
  readonly record: RequestRecord;
};

/** Begins a record with the request, and writes it with the answer. */
export function record(
  contract: string,
  write: WriteRecord,
): MiddlewareObj<RecordedEvent, APIGatewayProxyResult> {
  // Returns nothing: what a hook of middy's returns takes the answer's place.
  const written = ({ event }: { event: RecordedEvent }) => {
    write(event.record);
  };
  return {
    before(request) {
      const ids = requestIds(request.event);
      const begun = { contract, requestId: ids.gateway, clientRequestId: ids.client };
      request.event = { ...request.event, ids, record: begun };
    },
    after: written,
    onError: written,
  };
}

/** What a record may say of something thrown: its kind and its place. */
export function errorRecord(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { name: typeof error, at: [] };
  return { name: error.name, at: frames(error).slice(0, 8) };
}

/** The frames of a stack: what comes after the message, whose own lines may look like frames. */
function frames({ message, stack = '' }: Error): readonly string[] {
  const at = stack.indexOf(message);
  const after = at < 0 ? '' : stack.slice(at + message.length);
  return after
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .map((line) => line.trim());
}
