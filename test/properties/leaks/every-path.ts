/**
 * Runs every path on which a Lambda writes, with secrets that can be recognised, and lets all of it go
 * to stdout and stderr as on AWS: `node test/properties/leaks/every-path.ts ENDPOINT [CONTRACT…]`, in a
 * process of its own.
 */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { contracts } from '../../../functions/contracts.ts';
import type { Contract } from '../../../functions/core/contract/contract.ts';
import { deriveKeys, KeysUnavailable } from '../../../functions/core/keys/keys.ts';
import { cloudWatchLog } from '../../../functions/core/lambda/log.ts';
import { levels } from '../../../functions/core/lambda/outcome.ts';
import type { RequestRecord } from '../../../functions/core/lambda/record.ts';
import { refreshHandler, type Services } from '../../../functions/core/lambda/refresh-handler.ts';
import { services } from '../../../functions/core/lambda/services.ts';
import type { Refusal } from '../../../functions/core/session/session.ts';
import { dynamoDBTable, type Table } from '../../../functions/core/session/table.ts';
import { systemClock, systemTimer } from '../../../functions/core/time.ts';
import { commands } from '../../../functions/session-admin/commands.ts';
import { adminServices } from '../../../functions/session-admin/services.ts';
import { createTable } from '../../../local/dynamodb.ts';
import { logLines } from '../../../local/log-line.ts';
import { context, proxyEvent } from '../../../local/proxy-event.ts';
import { marks } from './marks.ts';

const [, , endpoint = '', ...named] = process.argv;
const table = `leaks-${process.pid}`;
const material = { root: marks.rootKey, signing: marks.signingKey };
const claims = {
  eos: { profile: { name: marks.claim }, mobilityApps: { system: [], user: [] } },
  s360: {
    user: { name: marks.claim },
    app: {},
    sso: { externalSystemId: 'a', authorityType: 'SELF' },
  },
  ccstore: { name: marks.claim },
};
const claimsOf = new Map(Object.entries(claims).map(([name, all]) => [name, JSON.stringify(all)]));
Object.assign(process.env, {
  LOG_LEVEL: 'DEBUG',
  POWERTOOLS_LOGGER_LOG_EVENT: 'true',
  AWS_REGION: 'local',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  SESSION_TABLE: table,
  SESSION_KEYS: JSON.stringify(Object.fromEntries(contracts.map(({ name }) => [name, material]))),
});
const client = new DynamoDBClient({});
await createTable(client, table);

// All contracts, or those that are named.
for (const contract of contracts.filter(({ name }) => named.length === 0 || named.includes(name))) {
  const { write, notice } = cloudWatchLog(contract.name, 'leaks');
  const people = logLines('DEBUG', console.log, () => new Date());
  const real: Services = {
    table: dynamoDBTable(client, table),
    keys: async () => deriveKeys(contract.serves, material),
    clock: systemClock,
    timer: systemTimer,
    policy: contract.policy,
    write(record: RequestRecord) {
      write(record);
      people.record(record);
    },
  };
  const held = await opened(contract);
  const body = JSON.stringify(held);
  const refresh = (broken: Partial<Services> = {}, sent: Sent = {}) =>
    refreshHandler(contract, { ...real, ...broken })(
      eventOf(contract, { body, token: held.accessToken, ...sent }),
      context('a'),
    );

  await refresh();
  const guess = { secureCode: marks.guess, sessionToken: marks.guess };
  await refresh({}, { body: JSON.stringify({ ...held, ...guess }), token: marks.guess });
  await refresh({}, { body: `{"secureCode": ${marks.guess}` });
  await refresh({}, { body: marks.guess.repeat(6000) });
  // A contract that refuses every request: every refusal is written, whatever led to it.
  for (const reason of Object.keys(levels)) {
    const refusing = { ...contract, read: () => reason as Refusal };
    await refreshHandler(refusing, real)(eventOf(contract, { body }), context('a'));
  }
  for (const error of leakyErrors()) {
    await refresh({ table: throwing(error) });
    await refresh({ keys: () => Promise.reject(error) });
    await refresh({ keys: () => Promise.reject(new KeysUnavailable(error)) });
    notice('keys-unread', error);
  }
}

await administer();
misconfigure();
client.destroy();

/** What the client of a session holds. */
interface Holding {
  readonly secureCode?: string;
  readonly sessionToken?: string;
  readonly accessToken?: string;
}

async function opened(contract: Contract): Promise<Holding & { readonly sessionId: string }> {
  const sessionId = `${marks.sessionId}-${contract.name}`;
  const { subject, secret } = marks;
  const answer = await commands.open(
    {
      contract: contract.serves,
      sessionId,
      subject,
      secret,
      claims: claimsOf.get(contract.serves),
    },
    adminServices(),
  );
  if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
  return { ...answer.result, sessionId };
}

interface Sent {
  readonly body?: string;
  readonly token?: string | undefined;
}

/** The event of a request, with a mark wherever API Gateway puts anything of a client's. */
function eventOf(contract: Contract, { body = '', token = '' }: Sent): APIGatewayProxyEvent {
  const headers = {
    'Content-Type': 'application/json',
    ...(token && { Authorization: `Bearer ${token}` }),
    api_key: marks.apiKey,
    'X-Request-Id': marks.clientId,
    Cookie: marks.header,
  };
  const event = proxyEvent(
    { method: 'POST', rawHeaders: Object.entries(headers).flat(), sourceIp: '127.0.0.1' },
    {
      path: contract.path,
      stage: '',
      query: new Map([['q', [marks.query]]]),
      body,
      requestId: marks.gatewayId,
    },
  );
  const { requestContext } = event;
  const { identity } = requestContext;
  return {
    ...event,
    requestContext: {
      ...requestContext,
      extendedRequestId: marks.extendedId,
      identity: { ...identity, apiKey: marks.apiKey, apiKeyId: 'a1b2c3', userAgent: marks.header },
    },
  };
}

/** Errors with a mark in each place where one can be. */
function leakyErrors(): readonly unknown[] {
  const { message, frame, name, code, awsId } = marks;
  const framed = new Error(`a\n    at ${frame} (b.ts:1:1)`);
  return [
    new Error(message),
    new TypeError(`a\n${message}`),
    framed,
    Object.assign(new Error('a'), { name }),
    Object.assign(new Error('a'), { code }),
    Object.assign(new Error(message), { code: 'ECONNREFUSED', token: message }),
    Object.assign(new Error(message), { name: 'TimeoutError', $metadata: { requestId: awsId } }),
    new Error('a', { cause: new Error(message, { cause: framed }) }),
    new AggregateError([framed], message),
    message,
    { message, stack: `\n    at ${message}` },
  ];
}

function throwing(error: unknown): Table {
  const reject = () => Promise.reject(error);
  return { update: reject, put: reject, get: reject, bySubject: reject };
}

/** The Lambda of session-admin, whose failures the runtime of Lambda writes down whole. */
async function administer(): Promise<void> {
  const { handler } = await import('../../../functions/session-admin/handler.ts');
  const session = { contract: 'eos', sessionId: marks.adminId };
  const { subject, secret, guess } = marks;
  const person = { ...session, subject, secret, claims: claimsOf.get('eos') };
  const list = { contract: 'eos', subject, command: 'list' };
  for (const event of [
    { ...person, command: 'open' },
    { ...person, command: 'open' },
    { ...person, command: 'open', claims: guess },
    { ...session, command: 'show' },
    list,
    { ...session, command: 'revoke' },
    { ...session, command: guess },
    { ...session, contract: guess, command: 'revoke' },
  ])
    await handler(event);
  // This error's text is in nothing but the error itself; what else leaks is known from the contracts.
  const own = new Error(`a\n${marks.adminError}`);
  for (const error of named.length > 0 ? [own] : [own, ...leakyErrors()]) {
    DynamoDBDocumentClient.prototype.send = () => Promise.reject(error);
    await handler(list).catch(asTheRuntimeDoes);
  }
}

/** Starts Lambdas from wrong variables. */
function misconfigure(): void {
  for (const contract of contracts)
    for (const keys of [
      marks.shortKey,
      JSON.stringify({ [contract.name]: marks.rootKey }),
      JSON.stringify({ [contract.name]: { root: marks.rootKey.slice(0, 31) } }),
    ])
      try {
        services(contract, { SESSION_TABLE: table, SESSION_KEYS: keys });
      } catch (error) {
        asTheRuntimeDoes(error);
      }
}

/** Lambda's own line for what a handler throws. */
function asTheRuntimeDoes(error: unknown): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error(JSON.stringify({ errorType: name, errorMessage: message, stack: [stack] }));
}
