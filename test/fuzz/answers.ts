import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import { uuid } from '../local/wire.ts';
import { type Call, type Known, marker } from './inputs.ts';

/** What came of a call. */
export interface Outcome {
  readonly result: APIGatewayProxyResult;
  readonly records: readonly RequestRecord[];
  readonly requests: number;
}

/** An outcome, and what it is judged by. */
export interface Judged {
  readonly contract: Contract;
  readonly known: Known;
  readonly call: Call;
  readonly outcome: Outcome;
  /** What the session's own request is answered. */
  readonly right: Outcome;
}

/** What is wrong with an outcome; nothing where nothing is. */
export function problem(judged: Judged): string | undefined {
  return laws.find(({ holds }) => !holds(judged))?.what;
}

interface Law {
  readonly what: string;
  readonly holds: (judged: Judged) => boolean;
}

const ours = new Set<string | undefined>(['failed', 'unavailable', 'timed-out']);

/** What holds of every outcome. The sentence says what it is where it does not hold. */
const laws: readonly Law[] = [
  { what: 'a 5xx', holds: ({ outcome: { result } }) => result.statusCode < 500 },
  { what: 'not one record', holds: ({ outcome: { records } }) => records.length === 1 },
  {
    what: 'a fault of ours',
    holds: ({ outcome }) => !ours.has(recordOf(outcome).outcome) && !recordOf(outcome).error,
  },
  { what: 'more than one storage request', holds: ({ outcome: { requests } }) => requests <= 1 },
  {
    what: 'a refresh that nobody was entitled to, or one that was refused',
    holds: ({ call, outcome: { result }, known }) => {
      if (result.statusCode !== 200) return call.right !== 'yes';
      return call.right === 'yes' || (call.right === 'perhaps' && mayHold(call, known));
    },
  },
  {
    what: 'an answer that is not the one of its outcome',
    holds({ contract, outcome, right }) {
      const { outcome: reason, requestId } = recordOf(outcome);
      if (reason === 'refreshed') return grantedText(outcome) === grantedText(right);
      if (reason === undefined) return false;
      const { status, body } = contract.refuse(reason, requestId);
      return outcome.result.statusCode === status && outcome.result.body === body;
    },
  },
  {
    what: 'a body that is no JSON object',
    holds: ({ outcome: { result } }) => /^\{.+\}$/.test(JSON.stringify(JSON.parse(result.body))),
  },
  {
    what: 'headers that are not the ones of every answer',
    holds({ contract, outcome }) {
      const { outcome: reason, clientRequestId, requestId } = recordOf(outcome);
      const own =
        reason === undefined || reason === 'refreshed'
          ? {}
          : contract.refuse(reason, requestId).headers;
      const all = {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Request-Id': clientRequestId,
        ...own,
      };
      return JSON.stringify(outcome.result.headers) === JSON.stringify(all);
    },
  },
  {
    what: 'a request id that is not sane',
    holds({ outcome }) {
      const { requestId, clientRequestId } = recordOf(outcome);
      return uuid.test(requestId) && /^[A-Za-z0-9._:-]{1,128}$/.test(clientRequestId);
    },
  },
  {
    what: 'an echo of what was sent',
    holds: ({ outcome: { result } }) => !JSON.stringify(result).includes(marker),
  },
  {
    what: 'a record that tells what was sent',
    holds({ outcome, known }) {
      const written = JSON.stringify(recordOf(outcome));
      return ![marker, known.id, known.secret, ...known.strange].some((text) =>
        written.includes(text),
      );
    },
  },
];

function recordOf({ records: [record] }: Outcome): RequestRecord {
  if (!record) throw new Error('nothing was recorded');
  return record;
}

/** An answer to a refresh without what differs every time: its id, and what is random in its token. */
function grantedText({ result: { body } }: Outcome): string {
  const { esbUUID: _, data, ...rest } = JSON.parse(body);
  if (data === undefined) return JSON.stringify(rest);
  const { context, ...claims } = JSON.parse(
    Buffer.from(data.accessToken.split('.')[1], 'base64url').toString(),
  );
  delete context.sso.sessionTokenEncrypted;
  return JSON.stringify({ rest, claims, context });
}

/** Whether a spoilt call still has the whole credential in it, in whatever way it is written. */
function mayHold(call: Call, { id, secret }: Known): boolean {
  const { headers, query = [], body, base64 } = call;
  const written = base64 ? Buffer.from(body ?? '', 'base64').toString() : (body ?? '');
  const tokens = headers.flatMap(([, value]) => value.split(/[ .]/));
  const said = [
    written,
    JSON.stringify(query),
    ...tokens.map((part) => Buffer.from(part, 'base64').toString()),
  ].join('\n');
  return said.includes(id) && said.includes(secret);
}
