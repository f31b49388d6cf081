/**
 * Runs every path on which a Lambda writes, with secrets that can be recognised, and lets all of it go
 * to stdout and stderr as on AWS: `node test/properties/leaks/every-path.ts ENDPOINT [CONTRACT…]`, in a
 * process of its own.
 */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { contracts } from '../../../functions/contracts.ts';
import type { Contract } from '../../../functions/core/contract/contract.ts';
import { KeysUnavailable } from '../../../functions/core/keys/keys.ts';
import { cloudWatchLog } from '../../../functions/core/lambda/log.ts';
import { levels } from '../../../functions/core/lambda/outcome.ts';
import type { RequestRecord } from '../../../functions/core/lambda/record.ts';
import { refreshHandler, type Services } from '../../../functions/core/lambda/refresh-handler.ts';
import { services } from '../../../functions/core/lambda/services.ts';
import type { Refusal } from '../../../functions/core/session/session.ts';
import { commands } from '../../../functions/session-admin/commands.ts';
import { adminServices } from '../../../functions/session-admin/services.ts';
import { createTable } from '../../../local/dynamodb.ts';
import { logLines } from '../../../local/log-line.ts';
import { context, proxyEvent } from '../../../local/proxy-event.ts';
import { marks } from './marks.ts';

const [, , endpoint = '', ...named] = process.argv;
const { secret, guess, subject, rootKey } = marks;
const material = { root: rootKey, signing: marks.signingKey };
const table = `leaks-${process.pid}`;
const local = { AWS_REGION: 'local', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
Object.assign(process.env, local, {
  LOG_LEVEL: 'DEBUG',
  POWERTOOLS_LOGGER_LOG_EVENT: 'true',
  AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  SESSION_TABLE: table,
  SESSION_KEYS: JSON.stringify(Object.fromEntries(contracts.map(({ name }) => [name, material]))),
});
await createTable(new DynamoDBClient({}), table);

const person = { name: marks.claim };
const claims: Readonly<Record<string, object>> = {
  eos: { profile: person, mobilityApps: { system: [], user: [] } },
  s360: { user: person, app: {}, sso: { externalSystemId: 'a', authorityType: 'SELF' } },
  ccstore: person,
};

/** Errors with a mark in each place where one can be. */
const { message, frame, name, code, awsId } = marks;
const framed = new Error(`a\n    at ${frame} (b.ts:1:1)`);
const leakyErrors: readonly unknown[] = [
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

for (const contract of contracts)
  if (named.length === 0 || named.includes(contract.name)) await refreshAll(contract);
await administer();
misconfigure();

/** Refreshes of a contract with every outcome. */
async function refreshAll(contract: Contract): Promise<void> {
  const people = logLines('DEBUG', console.log, () => new Date());
  const { notice } = cloudWatchLog(contract.name, 'leaks');
  const deployed = services(contract);
  const write = (record: RequestRecord) => {
    deployed.write(record);
    people.record(record);
  };
  const { serves } = contract;
  const session = { contract: serves, sessionId: `${marks.sessionId}-${contract.name}` };
  const opening = { ...session, subject, secret, claims: JSON.stringify(claims[serves]) };
  const opened = await commands.open(opening, adminServices());
  if (opened.outcome !== 'done') throw new Error(JSON.stringify(opened));
  const held = { accessToken: '', ...opened.result, ...session };
  const own = { body: JSON.stringify(held), token: held.accessToken };
  const refresh = (broken: Partial<Services> = {}, sent = {}, by = contract) => {
    const handler = refreshHandler(by, { ...deployed, write, ...broken });
    return handler(eventOf(contract, { ...own, ...sent }), context('a'));
  };

  await refresh();
  const guessed = { ...held, secureCode: guess, sessionToken: guess };
  await refresh({}, { body: JSON.stringify(guessed), token: guess });
  for (const body of [`{"secureCode": ${guess}`, guess.repeat(6000)]) await refresh({}, { body });
  // A contract that refuses every request: every refusal is written, whatever led to it.
  for (const reason of Object.keys(levels))
    await refresh({}, {}, { ...contract, read: () => reason as Refusal });
  for (const error of leakyErrors) {
    const fails = () => Promise.reject(error);
    await refresh({ table: { update: fails, put: fails, get: fails, bySubject: fails } });
    await refresh({ keys: fails });
    await refresh({ keys: () => Promise.reject(new KeysUnavailable(error)) });
    notice('keys-unread', error);
  }
}

/** The event of a request, with a mark wherever API Gateway puts anything of a client's. */
function eventOf({ path }: Contract, { body, token }: { body: string; token: string }) {
  const headers = {
    'Content-Type': 'application/json',
    ...(token && { Authorization: `Bearer ${token}` }),
    api_key: marks.apiKey,
    'X-Request-Id': marks.clientId,
    Cookie: marks.header,
  };
  const query = new Map([['q', [marks.query]]]);
  const event = proxyEvent(
    { method: 'POST', rawHeaders: Object.entries(headers).flat(), sourceIp: '127.0.0.1' },
    { path, stage: '', query, body, requestId: marks.gatewayId },
  );
  const { requestContext } = event;
  const own = { apiKey: marks.apiKey, apiKeyId: 'a1b2c3', userAgent: marks.header };
  Object.assign(requestContext, { extendedRequestId: marks.extendedId });
  Object.assign(requestContext.identity, own);
  return event;
}

/** The Lambda of session-admin, whose failures the runtime of Lambda writes down whole. */
async function administer(): Promise<void> {
  const { handler } = await import('../../../functions/session-admin/handler.ts');
  const session = { contract: 'eos', sessionId: marks.adminId };
  const person = { subject, secret, claims: JSON.stringify(claims.eos) };
  const opening = { ...session, ...person, command: 'open' };
  const list = { contract: 'eos', subject, command: 'list' };
  await handler(opening);
  await handler(opening);
  await handler({ ...opening, claims: guess });
  await handler(list);
  for (const command of ['show', 'revoke', guess]) await handler({ ...session, command });
  await handler({ ...session, contract: guess, command: 'revoke' });
  // This error's text is in nothing but the error itself; what else leaks is known from the contracts.
  const own = new Error(`a\n${marks.adminError}`);
  for (const error of named.length > 0 ? [own] : [own, ...leakyErrors]) {
    DynamoDBDocumentClient.prototype.send = () => Promise.reject(error);
    await handler(list).catch(asTheRuntimeDoes);
  }
}

/** Starts Lambdas from wrong variables. */
function misconfigure(): void {
  for (const contract of contracts)
    for (const keys of [
      marks.shortKey,
      JSON.stringify({ [contract.name]: rootKey }),
      JSON.stringify({ [contract.name]: { root: rootKey.slice(0, 31) } }),
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
