/**
 * Runs every path on which a Lambda writes, with secrets that can be recognised, and lets all of it go
 * to stdout and stderr as on AWS: `node test/properties/leaks/every-path.ts ENDPOINT [CONTRACT…]`, in a
 * process of its own.
 */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
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
import { context } from '../../../local/proxy-event.ts';
import { callOf, type Holding, leakyErrors, marks, requestWith } from './marked.ts';

const [, , endpoint = '', ...named] = process.argv;
const table = `leaks-${process.pid}`;
const material = { root: marks.rootKey, signing: marks.signingKey };
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
  const held = await opened(contract);
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
  const call = callOf(contract, held);
  const refresh = (broken: Partial<Services> = {}, sent = call) =>
    refreshHandler(contract, { ...real, ...broken })(requestWith(contract, sent), context('a'));

  await refresh();
  await refresh(
    {},
    callOf(contract, { ...held, secureCode: marks.guess, sessionToken: marks.guess }),
  );
  await refresh({}, { ...call, headers: { ...call.headers, Authorization: marks.guess } });
  await refresh({}, { ...call, body: `{"secureCode": ${marks.guess}` });
  await refresh({}, { ...call, body: marks.guess.repeat(6000) });
  // A contract that refuses by itself: every refusal is written, whatever led to it.
  for (const reason of Object.keys(levels)) {
    const read = () => reason as Refusal;
    await refreshHandler({ ...contract, read }, real)(requestWith(contract, call), context('a'));
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

function throwing(error: unknown): Table {
  const reject = () => Promise.reject(error);
  return { update: reject, put: reject, get: reject, bySubject: reject };
}

async function opened(contract: Contract): Promise<Holding> {
  const id = `${marks.sessionId}-${contract.name}`;
  const answer = await commands.open(
    {
      contract: contract.serves,
      sessionId: id,
      subject: marks.subject,
      secret: marks.secret,
      claims: marks.claims[contract.serves],
    },
    adminServices(),
  );
  if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
  return { sessionId: id, ...answer.result };
}

/** The Lambda of session-admin, whose failures the runtime of Lambda writes down whole. */
async function administer(): Promise<void> {
  const { handler } = await import('../../../functions/session-admin/handler.ts');
  const session = { contract: 'eos', sessionId: `${marks.sessionId}-admin` };
  const claims = marks.claims.eos;
  const person = { ...session, subject: marks.subject, secret: marks.secret, claims };
  for (const event of [
    { ...person, command: 'open' },
    { ...person, command: 'open' },
    { ...person, command: 'open', claims: marks.guess },
    { ...session, command: 'show' },
    { contract: 'eos', subject: marks.subject, command: 'list' },
    { ...session, command: 'revoke' },
    { ...session, command: marks.guess },
    { ...session, contract: marks.guess, command: 'revoke' },
  ])
    await handler(event);
  const broken = { contract: 'eos', subject: marks.subject, command: 'list' };
  for (const error of leakyErrors()) {
    DynamoDBDocumentClient.prototype.send = () => Promise.reject(error);
    await handler(broken).catch(asTheRuntimeDoes);
  }
}

/** What starts with wrong variables, and so does not. */
function misconfigure(): void {
  for (const contract of contracts)
    for (const env of [
      { SESSION_TABLE: table, SESSION_KEYS: marks.shortKey },
      { SESSION_TABLE: table, SESSION_KEYS: JSON.stringify({ [contract.name]: marks.rootKey }) },
      {
        SESSION_TABLE: table,
        SESSION_KEYS: JSON.stringify({ [contract.name]: { root: marks.rootKey.slice(0, 31) } }),
      },
    ])
      try {
        services(contract, env);
      } catch (error) {
        asTheRuntimeDoes(error);
      }
}

/** Lambda's own line for what a handler throws. */
function asTheRuntimeDoes(error: unknown): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error(JSON.stringify({ errorType: name, errorMessage: message, stack: [stack] }));
}
