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
import { all, allowedBy, asText, everything, only as found, synthesized } from './synthesis.ts';

const template = synthesized(everything, 'prod');

/** The only resource of a type that belongs to the events. */
const only = (type: string) => found(template, type, 'Events');

const pipe = only('AWS::Pipes::Pipe').Properties;
const filters: object[] = pipe.SourceParameters.FilterCriteria.Filters.map(
  ({ Pattern }: { Pattern: string }) => JSON.parse(Pattern),
);
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
  const { rowKey } = { ...OldImage, ...NewImage };
  const images = { ...(OldImage && { OldImage }), ...(NewImage && { NewImage }) };
  return { eventName, dynamodb: { Keys: { ...(rowKey && { rowKey }) }, ...images } };
}

/** The record of a row that its TTL took. */
function expired(row: Row): StreamRecord {
  const userIdentity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };
  return { ...change(row, undefined), userIdentity };
}

/** What the pipe makes of records: filtered, its fields picked, named. */
async function events(...records: StreamRecord[]): Promise<readonly Record<string, unknown>[]> {
  const passed = records.filter((record) => filters.some((filter) => matches(filter, record)));
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
const endedByAdmin = { type: 'session.revoked', ...life, endedAt: noon + 60 };

describe('an event', () => {
  test.for([
    {
      what: 'a session opened',
      record: change(undefined, opened),
      told: { type: 'session.opened', ...life },
    },
    {
      what: 'an administrator revoked one',
      record: change(refreshed, revoked),
      told: { ...endedByAdmin, endedBy: 'administrator' },
    },
    {
      what: 'the use of a replaced secret revoked one',
      record: change(refreshed, { ...revoked, revokedBy: { S: 'reuse-detected' } }),
      told: { ...endedByAdmin, endedBy: 'reuse-detected' },
    },
    {
      what: 'one that nobody revoked was over, and when',
      record: expired(refreshed),
      told: { type: 'session.ended', ...life, endedAt: noon + 60 + 1800, endedBy: 'expiry' },
    },
  ])('tells that $what, and docs/events.md shows its fields', async ({ record, told }) => {
    expect(status).toBe(200);
    expect(await events(record)).toEqual([told]);
    const page = readFileSync('docs/events.md', 'utf8');
    const shown = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)]
      .map(([, json = '']) => JSON.parse(json))
      .find((event) => event['detail-type'] === told.type);
    expect(shown).toMatchObject({ source: 'session-refresh', detail: { type: told.type } });
    const [sent = {}] = await events(record);
    expect(Object.keys(shown.detail)).toEqual(Object.keys(sent));
  });

  test('has no subject where nobody is logged in', async () => {
    const [event = {}] = await events(change(undefined, anonymous));
    expect(Object.keys(event).join(' ')).toBe('type contract sessionId openedAt endsAt');
  });

  test('keeps the order of the records', async () => {
    const told = await events(change(undefined, opened), change(refreshed, revoked));
    expect(told.map(({ type }) => type)).toEqual(['session.opened', 'session.revoked']);
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
  /** Every attribute of a row that a text names after an image. */
  const named = (text: string) =>
    [...text.matchAll(/(?:Image|Keys)(?:\.|":\{")(\w+)/g)].map(([, attribute = '']) => attribute);

  test('names only attributes that a row has', () => {
    const names = [...named(picked), ...filters.flatMap((one) => named(JSON.stringify(one)))];
    expect(names.length).toBeGreaterThan(13);
    expect(names.filter((attribute) => !Object.hasOwn(revoked, attribute))).toEqual([]);
  });

  test('picks nothing of a record but its kind, and attributes that are harmless', () => {
    const paths = [...picked.matchAll(/<([^>]*)>/g)].map(([, path = '']) => path);
    const harmless = 'endsAt idleUntil openedAt revokedAt revokedBy rowKey subject';
    expect([...new Set(named(picked))].toSorted().join(' ')).toBe(harmless);
    expect(paths.length).toBe(named(picked).length + 1);
    expect(paths.filter((path) => !/\.(\w+)\.[SN]$/.test(path))).toEqual(['$.eventName']);
  });

  test('lets no digest, claim or secret out', async () => {
    const records = [change(undefined, opened), change(refreshed, revoked)];
    const out = JSON.stringify([...records.map(filledIn), await events(...records)]);
    for (const value of [opened.secret?.S, opened.claims?.S, secret]) {
      expect(value?.length).toBeGreaterThan(10);
      expect(out).not.toContain(JSON.stringify(value).slice(1, -1));
    }
  });

  test('leads from the table’s stream to the bus, and what it gives up to a queue', () => {
    const { id: bus } = only('AWS::Events::EventBus');
    const { id: queue } = only('AWS::SQS::Queue');
    const table = found(template, 'AWS::DynamoDB::GlobalTable');
    const StreamViewType = 'NEW_AND_OLD_IMAGES';
    expect(table.Properties.StreamSpecification).toEqual({ StreamViewType });
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
      TargetParameters: {
        EventBridgeEventBusParameters: { Source: 'session-refresh', DetailType: '$.type' },
      },
    });
    expect(template.Outputs).toMatchObject({
      SessionEvents: { Value: { Ref: bus } },
      SessionEventsPipe: { Value: { Ref: only('AWS::Pipes::Pipe').id } },
      SessionEventsLost: { Value: { Ref: queue } },
    });
  });

  test('may do that, and no more', () => {
    const policy = found(template, 'AWS::IAM::Policy', 'EventsRole');
    expect(allowedBy(policy)).toEqual([
      'dynamodb:DescribeStream, dynamodb:GetRecords, dynamodb:GetShardIterator, dynamodb:ListStreams on {SessionsTable.StreamArn}',
      'states:StartSyncExecution on {EventsNaming}',
      'sqs:SendMessage on {EventsLost.Arn}',
      'events:PutEvents on {EventsBus.Arn}',
    ]);
  });

  test('is watched for failures, and for records it gave up', () => {
    const watched = all(template, 'AWS::CloudWatch::Alarm')
      .map(({ Properties }) => Properties)
      .filter(({ AlarmDescription }) => AlarmDescription.includes('"Events are late"'));
    const ofPipe = [{ Name: 'PipeName', Value: { Ref: only('AWS::Pipes::Pipe').id } }];
    const queue = { 'Fn::GetAtt': [only('AWS::SQS::Queue').id, 'QueueName'] };
    expect(watched).toMatchObject([
      { MetricName: 'ExecutionFailed', Dimensions: ofPipe },
      { MetricName: 'ExecutionTimeout', Dimensions: ofPipe },
      { MetricName: 'ExecutionThrottled', Dimensions: ofPipe },
      {
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Dimensions: [{ Name: 'QueueName', Value: queue }],
      },
    ]);
    for (const { AlarmActions } of watched) expect(AlarmActions).toHaveLength(1);
  });

  test('is off by default, and so is the stream', () => {
    const off = synthesized({}, 'prod');
    expect(all(off, 'AWS::Pipes::Pipe')).toEqual([]);
    const { StreamSpecification } = found(off, 'AWS::DynamoDB::GlobalTable').Properties;
    expect(StreamSpecification).toBeUndefined();
  });
});
