import { readFileSync } from 'node:fs';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import jsonata from 'jsonata';
import { describe, expect, test } from 'vitest';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { memoryWorld, noon } from '../support/world.ts';
import { all, asText, only as found, full } from './synthesis.ts';

/** The only resource of a type that belongs to the events. */
const only = (type: string) => found(full, type, 'Events');

const { id: pipeId, Properties: pipe } = only('AWS::Pipes::Pipe');
const filters: { Pattern: string }[] = pipe.SourceParameters.FilterCriteria.Filters;
const picked: string = pipe.EnrichmentParameters.InputTemplate;

/** A record of the table's stream. */
interface StreamRecord {
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly dynamodb: { readonly Keys: Row; readonly OldImage?: Row; readonly NewImage?: Row };
  readonly userIdentity?: object;
}

type Row = Readonly<Record<string, AttributeValue>>;

/** The record of a change from one image of a row to another. */
function change(OldImage: Row | undefined, NewImage: Row | undefined): StreamRecord {
  const eventName = !OldImage ? 'INSERT' : NewImage ? 'MODIFY' : 'REMOVE';
  const { rowKey = { S: '' } } = { ...OldImage, ...NewImage };
  const images = { ...(OldImage && { OldImage }), ...(NewImage && { NewImage }) };
  return { eventName, dynamodb: { Keys: { rowKey }, ...images } };
}

/** The record of a row that its TTL took. */
function expired(row: Row): StreamRecord {
  const userIdentity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };
  return { ...change(row, undefined), userIdentity };
}

/** What the pipe makes of records: filtered, its fields picked, named. */
async function events(...records: StreamRecord[]): Promise<readonly Record<string, unknown>[]> {
  const passed = records.filter((record) =>
    filters.some(({ Pattern }) => matches(JSON.parse(Pattern), record)),
  );
  if (passed.length === 0) return [];
  const input = passed.map((record) => JSON.parse(filledIn(record)));
  const { DefinitionString } = only('AWS::StepFunctions::StateMachine').Properties;
  const { States, StartAt, QueryLanguage } = JSON.parse(asText(DefinitionString));
  expect(QueryLanguage).toBe('JSONata');
  expect(States[StartAt]).toMatchObject({ Type: 'Pass', End: true });
  const [, expression = ''] = /^\{% ([\s\S]*) %\}$/.exec(States[StartAt].Output) ?? [];
  return structuredClone(await jsonata(expression).evaluate({}, { states: { input } }));
}

/** EventBridge's patterns as far as the filters use them: values and `exists`. */
function matches(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern))
    return pattern.some((one) =>
      typeof one === 'object' ? one.exists === (value !== undefined) : one === value,
    );
  return Object.entries(Object(pattern)).every(([name, inner]) =>
    matches(inner, Object(value)[name]),
  );
}

/** A pipe's template with the record's values in it; what the record lacks is empty. */
function filledIn(record: StreamRecord): string {
  return picked.replaceAll(/<\$\.([\w.]+)>/g, (_, path: string) => {
    const found = path.split('.').reduce<unknown>((at, name) => Object(at)[name], record);
    return found === undefined ? '' : JSON.stringify(found).slice(1, -1);
  });
}

const world = memoryWorld();
const rowOf = async ({ name }: Contract, id: string): Promise<Row> =>
  marshall((await world.items()).find(({ rowKey }) => rowKey === `${name}#${id}`));

// The images of a session: opened, refreshed, revoked; and of one that nobody is logged in to.
const session = { contract: 's360', sessionId: 'events-1', subject: 'person#1' };
const secret = 'the-secret-of-this-session';
await world.open(s360, { sessionId: session.sessionId, subject: session.subject, secret });
const opened = await rowOf(s360, session.sessionId);
world.now = later(noon, 60);
const { status } = await world.post(s360, {
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ sessionId: session.sessionId, sessionToken: secret }),
});
const refreshed = await rowOf(s360, session.sessionId);
await world.run('revoke', { contract: 's360', sessionId: session.sessionId });
const revoked = await rowOf(s360, session.sessionId);
await world.open(eos, { sessionId: 'hello', anonymous: true });
const anonymous = await rowOf(eos, 'hello');

const life = { ...session, openedAt: noon, endsAt: noon + 43_200 };
const opening = { type: 'session.opened', ...life };
const revocation = { type: 'session.revoked', ...life, endedAt: noon + 60 };
const byAdmin = { ...revocation, endedBy: 'administrator' };
const byReuse = { ...revocation, endedBy: 'reuse-detected' };
const expiry = { type: 'session.ended', ...life, endedAt: noon + 1860, endedBy: 'expiry' };
const reused = { ...revoked, revokedBy: { S: 'reuse-detected' } };

describe('an event', () => {
  test('tells of a session opened, revoked or over, in the order of the records', async () => {
    expect(status).toBe(200);
    const records = [change(undefined, opened), change(refreshed, revoked)];
    const told = await events(...records, change(refreshed, reused), expired(refreshed));
    expect(told).toEqual([opening, byAdmin, byReuse, expiry]);
  });

  test.for([opening, byAdmin, expiry])('of type $type has its fields in docs/events.md', (told) => {
    const page = readFileSync('docs/events.md', 'utf8');
    const shown = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)]
      .map(([, json = '']) => JSON.parse(json))
      .find((event) => event['detail-type'] === told.type);
    expect(shown).toMatchObject({ source: 'session-refresh', detail: { type: told.type } });
    expect(Object.keys(shown.detail)).toEqual(Object.keys(told));
  });

  test('has no subject where nobody is logged in', async () => {
    const [event = {}] = await events(change(undefined, anonymous));
    expect(Object.keys(event).join(' ')).toBe('type contract sessionId openedAt endsAt');
  });

  const claims = { rowKey: { S: 'eos#id#claims#1' }, claims: { S: '{}' }, purgeAt: { N: '1' } };
  test.for([
    { what: 'a refresh', record: change(opened, refreshed) },
    { what: 'a second revocation', record: change(revoked, revoked) },
    { what: 'the end of a tombstone', record: expired(revoked) },
    { what: 'a row taken by hand', record: change(refreshed, undefined) },
    { what: 'claims that lie apart', record: change(undefined, claims) },
    { what: 'the end of claims that lie apart', record: expired(claims) },
  ])('does not come of $what', async ({ record }) => {
    expect(await events(record)).toEqual([]);
  });
});

describe('the pipe', () => {
  test('picks nothing of a record but its kind, its key and harmless attributes', () => {
    const paths = [...picked.matchAll(/<([^>]*)>/g)].map(([, path = '']) => path);
    const attributes = ['endsAt.N', 'idleUntil.N', 'openedAt.N', 'revokedAt.N', 'revokedBy.S'];
    const harmless = ['NewImage', 'OldImage'].flatMap((image) =>
      [...attributes, 'subject.S'].map((attribute) => `$.dynamodb.${image}.${attribute}`),
    );
    const others = ['$.dynamodb.Keys.rowKey.S', '$.eventName'];
    expect(new Set(paths)).toEqual(new Set([...harmless, ...others]));
  });

  test('leads from the table’s stream to the bus, and what it gives up to a queue', () => {
    const { id: bus } = only('AWS::Events::EventBus');
    const { id: queue } = only('AWS::SQS::Queue');
    const table = found(full, 'AWS::DynamoDB::GlobalTable');
    const { StreamSpecification } = table.Properties;
    expect(StreamSpecification).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' });
    const EventBridgeEventBusParameters = { Source: 'session-refresh', DetailType: '$.type' };
    expect(pipe).toMatchObject({
      Source: { 'Fn::GetAtt': [table.id, 'StreamArn'] },
      Target: { 'Fn::GetAtt': [bus, 'Arn'] },
      Enrichment: { Ref: only('AWS::StepFunctions::StateMachine').id },
      RoleArn: { 'Fn::GetAtt': [expect.stringMatching(/^EventsRole/), 'Arn'] },
      SourceParameters: {
        DynamoDBStreamParameters: {
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [queue, 'Arn'] } },
          OnPartialBatchItemFailure: 'AUTOMATIC_BISECT',
          ParallelizationFactor: 10,
          StartingPosition: 'TRIM_HORIZON',
        },
      },
      TargetParameters: { EventBridgeEventBusParameters },
    });
    expect(full.Outputs).toMatchObject({
      SessionEvents: { Value: { Ref: bus } },
      SessionEventsPipe: { Value: { Ref: pipeId } },
      SessionEventsLost: { Value: { Ref: queue } },
    });
  });

  test('is watched for failures, and for records it gave up', () => {
    const watched = all(full, 'AWS::CloudWatch::Alarm')
      .map(({ Properties }) => Properties)
      .filter(({ AlarmDescription }) => AlarmDescription.includes('"Events are late"'));
    const ofPipe = [{ Name: 'PipeName', Value: { Ref: pipeId } }];
    const queue = { 'Fn::GetAtt': [only('AWS::SQS::Queue').id, 'QueueName'] };
    const ofQueue = [{ Name: 'QueueName', Value: queue }];
    expect(watched).toMatchObject([
      { MetricName: 'ExecutionFailed', Dimensions: ofPipe },
      { MetricName: 'ExecutionTimeout', Dimensions: ofPipe },
      { MetricName: 'ExecutionThrottled', Dimensions: ofPipe },
      { MetricName: 'ApproximateNumberOfMessagesVisible', Dimensions: ofQueue },
    ]);
  });
});
