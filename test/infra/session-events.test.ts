import { readFileSync } from 'node:fs';
import { type AttributeValue, GetItemCommand } from '@aws-sdk/client-dynamodb';
import jsonata from 'jsonata';
import { describe, expect } from 'vitest';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { noon, storedTest as test, type StoredWorld as World } from '../support/world.ts';
import { asText, everything, only as found, resources, synthesized } from './synthesis.ts';

const template = synthesized(everything, 'prod');

/** The only resource of a type that belongs to the events. */
const only = (type: string) => found(template, type, 'Events');

const pipe = only('AWS::Pipes::Pipe').Properties as {
  readonly SourceParameters: {
    readonly FilterCriteria: { readonly Filters: readonly { readonly Pattern: string }[] };
    readonly DynamoDBStreamParameters: object;
  };
  readonly EnrichmentParameters: { readonly InputTemplate: string };
} & Record<string, unknown>;
const filters = pipe.SourceParameters.FilterCriteria.Filters.map(({ Pattern }) =>
  JSON.parse(Pattern),
);
const picked = pipe.EnrichmentParameters.InputTemplate;

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
  return {
    eventName,
    dynamodb: {
      Keys: { ...(rowKey && { rowKey }) },
      ...(OldImage && { OldImage }),
      ...(NewImage && { NewImage }),
    },
  };
}

const byTTL = { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } };

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

async function rowOf({ client, table }: World, { name }: Contract, id: string): Promise<Row> {
  const Key = { rowKey: { S: `${name}#${id}` } };
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key }));
  if (!Item) throw new Error(`there is no session ${id}`);
  return Item;
}

/** The images of a session: opened, refreshed, revoked. */
async function lifeOf(world: World, contract = s360) {
  const sessionId = 'events-1';
  const input = { sessionId, subject: 'person#1', secret: 'the-secret-of-this-session' };
  await world.open(contract, input);
  const opened = await rowOf(world, contract, sessionId);
  world.now = later(noon, 60);
  const body = JSON.stringify({ sessionId, sessionToken: input.secret });
  const headers = { 'Content-Type': 'application/json' };
  expect(await world.post(contract, { headers, body })).toMatchObject({ status: 200 });
  const refreshed = await rowOf(world, contract, sessionId);
  await world.run('revoke', { contract: contract.name, sessionId });
  const revoked = await rowOf(world, contract, sessionId);
  return { opened, refreshed, revoked };
}

const identity = { contract: 's360', sessionId: 'events-1', subject: 'person#1' };
const times = { openedAt: noon, endsAt: noon + 43_200 };

describe('an event', () => {
  test('tells that a session opened', async ({ world }) => {
    const { opened } = await lifeOf(world);
    expect(await events(change(undefined, opened))).toEqual([
      { type: 'session.opened', ...identity, ...times },
    ]);
  });

  test('tells who revoked a session', async ({ world }) => {
    const { refreshed, revoked } = await lifeOf(world);
    const thief = { ...revoked, revokedBy: { S: 'reuse-detected' } };
    const told = { type: 'session.revoked', ...identity, ...times, endedAt: noon + 60 };
    expect(await events(change(refreshed, revoked), change(refreshed, thief))).toEqual([
      { ...told, endedBy: 'administrator' },
      { ...told, endedBy: 'reuse-detected' },
    ]);
  });

  test('tells when a session that nobody revoked was over', async ({ world }) => {
    const { refreshed } = await lifeOf(world);
    expect(await events({ ...change(refreshed, undefined), ...byTTL })).toEqual([
      {
        type: 'session.ended',
        ...identity,
        ...times,
        endedAt: noon + 60 + 1800,
        endedBy: 'expiry',
      },
    ]);
  });

  test('has no subject where nobody is logged in', async ({ world }) => {
    await world.open(eos, { sessionId: 'hello', anonymous: true });
    const [event] = await events(change(undefined, await rowOf(world, eos, 'hello')));
    expect(Object.keys(event ?? {})).toEqual([
      'type',
      'contract',
      'sessionId',
      'openedAt',
      'endsAt',
    ]);
  });

  test('keeps the order of the records', async ({ world }) => {
    const { opened, refreshed, revoked } = await lifeOf(world);
    const told = await events(change(undefined, opened), change(refreshed, revoked));
    expect(told.map(({ type }) => type)).toEqual(['session.opened', 'session.revoked']);
  });
});

describe('no event', () => {
  test('comes of a refresh, a second revocation, a tombstone or a row taken by hand', async ({
    world,
  }) => {
    const { opened, refreshed, revoked } = await lifeOf(world);
    const records = [
      change(opened, refreshed),
      change(revoked, revoked),
      { ...change(revoked, undefined), ...byTTL },
      change(refreshed, undefined),
    ];
    expect(await events(...records)).toEqual([]);
  });

  test('comes of claims that lie apart', async () => {
    const claims = { rowKey: { S: 'eos#id#claims#1' }, claims: { S: '{}' }, purgeAt: { N: '1' } };
    const deleted = { ...change(claims, undefined), ...byTTL };
    expect(await events(change(undefined, claims), deleted)).toEqual([]);
  });
});

describe('the pipe', () => {
  /** Every attribute of a row that a text names after an image. */
  const named = (text: string) =>
    [...text.matchAll(/(?:Image|Keys)(?:\.|":\{")(\w+)/g)].map(([, attribute = '']) => attribute);
  const harmless = [
    'rowKey',
    'subject',
    'openedAt',
    'idleUntil',
    'endsAt',
    'revokedAt',
    'revokedBy',
  ];

  test('names only attributes that a row has', async ({ world }) => {
    const { revoked } = await lifeOf(world);
    const all = [...named(picked), ...filters.flatMap((filter) => named(JSON.stringify(filter)))];
    expect(all.length).toBeGreaterThan(13);
    expect(all.filter((attribute) => !Object.hasOwn(revoked, attribute))).toEqual([]);
  });

  test('picks nothing of a record but its kind, and attributes that are harmless', () => {
    const paths = [...picked.matchAll(/<([^>]*)>/g)].map(([, path = '']) => path);
    const attributes = named(picked);
    expect([...new Set(attributes)].toSorted()).toEqual(harmless.toSorted());
    expect(paths.length).toBe(attributes.length + 1);
    expect(paths.filter((path) => !/\.(\w+)\.[SN]$/.test(path))).toEqual(['$.eventName']);
  });

  test('lets no digest, claim or secret out', async ({ world }) => {
    const { opened, refreshed, revoked } = await lifeOf(world);
    const records = [change(undefined, opened), change(refreshed, revoked)];
    const out = [
      ...records.map((record) => JSON.parse(filledIn(record))),
      await events(...records),
    ];
    const { secret, claims } = opened;
    for (const value of [secret?.S, claims?.S, 'the-secret-of-this-session']) {
      expect(value?.length).toBeGreaterThan(10);
      expect(JSON.stringify(out)).not.toContain(JSON.stringify(value).slice(1, -1));
    }
  });

  test('leads from the table’s stream to the bus, and what it gives up to a queue', () => {
    const { id: bus } = only('AWS::Events::EventBus');
    const { id: queue } = only('AWS::SQS::Queue');
    const [table] = resources(template, 'AWS::DynamoDB::GlobalTable');
    expect(table?.[1].Properties.StreamSpecification).toEqual({
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    });
    expect(pipe).toMatchObject({
      Source: { 'Fn::GetAtt': [table?.[0], 'StreamArn'] },
      Target: { 'Fn::GetAtt': [bus, 'Arn'] },
      Enrichment: { Ref: only('AWS::StepFunctions::StateMachine').id },
      RoleArn: { 'Fn::GetAtt': [expect.stringMatching(/^EventsRole/), 'Arn'] },
      SourceParameters: {
        DynamoDBStreamParameters: {
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [queue, 'Arn'] } },
          OnPartialBatchItemFailure: 'AUTOMATIC_BISECT',
          StartingPosition: 'TRIM_HORIZON',
        },
      },
      TargetParameters: {
        EventBridgeEventBusParameters: { Source: 'session-refresh', DetailType: '$.type' },
      },
    });
    expect(template.toJSON().Outputs).toMatchObject({
      SessionEvents: { Value: { Ref: bus } },
      SessionEventsPipe: { Value: { Ref: only('AWS::Pipes::Pipe').id } },
      SessionEventsLost: { Value: { Ref: queue } },
    });
  });

  test('may do that, and no more', () => {
    const [policy] = resources(template, 'AWS::IAM::Policy').filter(([id]) =>
      id.startsWith('EventsRole'),
    );
    const { Statement } = Object(policy?.[1].Properties.PolicyDocument);
    const allowed = Statement.map(({ Action, Resource }: { Action: unknown; Resource: unknown }) =>
      [[Action].flat().join(', '), asText(Resource).replace(/[0-9A-F]{8}(?=[.}])/, '')].join(
        ' on ',
      ),
    );
    expect(allowed).toEqual([
      'dynamodb:DescribeStream, dynamodb:GetRecords, dynamodb:GetShardIterator, dynamodb:ListStreams on {SessionsTable.StreamArn}',
      'states:StartSyncExecution on {EventsNaming}',
      'sqs:SendMessage on {EventsLost.Arn}',
      'events:PutEvents on {EventsBus.Arn}',
    ]);
  });

  test('is watched for failures, and for records it gave up', () => {
    const pipeName = { Name: 'PipeName', Value: { Ref: only('AWS::Pipes::Pipe').id } };
    const watched = resources(template, 'AWS::CloudWatch::Alarm')
      .map(([, { Properties }]) => Properties)
      .filter(({ AlarmDescription }) => String(AlarmDescription).includes('"Events are late"'));
    const queue = { 'Fn::GetAtt': [only('AWS::SQS::Queue').id, 'QueueName'] };
    const failing = (MetricName: string) => ({ MetricName, Dimensions: [pipeName] });
    expect(watched).toMatchObject([
      failing('ExecutionFailed'),
      failing('ExecutionTimeout'),
      failing('ExecutionThrottled'),
      {
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Dimensions: [{ Name: 'QueueName', Value: queue }],
      },
    ]);
    for (const { AlarmActions } of watched) expect(AlarmActions).toHaveLength(1);
  });

  test('is off by default, and so is the stream', () => {
    const off = synthesized({}, 'prod');
    expect(resources(off, 'AWS::Pipes::Pipe')).toEqual([]);
    const [table] = resources(off, 'AWS::DynamoDB::GlobalTable');
    expect(table?.[1].Properties.StreamSpecification).toBeUndefined();
  });
});

describe('docs/events.md', () => {
  const page = readFileSync('docs/events.md', 'utf8');

  test.for(['session.opened', 'session.revoked', 'session.ended'])(
    'shows %s with the fields that it has',
    async (type, { world }) => {
      const { opened, refreshed, revoked } = await lifeOf(world);
      const all = await events(change(undefined, opened), change(refreshed, revoked), {
        ...change(refreshed, undefined),
        ...byTTL,
      });
      const shown = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)]
        .map(([, json = '']) => JSON.parse(json))
        .find((event) => event['detail-type'] === type);
      expect(shown).toMatchObject({ source: 'session-refresh', detail: { type } });
      const sent = all.find((event) => event.type === type);
      expect(Object.keys(shown.detail)).toEqual(Object.keys(sent ?? {}));
    },
  );
});
