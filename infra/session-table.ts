import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  type IMetric,
  MathExpression,
  type MetricOptions,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import {
  AttributeType,
  Billing,
  Operation,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Contract } from '../functions/core/contract/contract.ts';
import type { Policy } from '../functions/core/session/policy.ts';
import { refreshOperations, type TableOperation } from './refresh-operations.ts';
import type { ServiceFunction } from './service-function.ts';
import type { Settings } from './settings.ts';

const asked = [Operation.GET_ITEM, Operation.UPDATE_ITEM, Operation.PUT_ITEM, Operation.QUERY];

/** The table of all sessions: one row per session, which its TTL deletes after the session's end. */
export class SessionTable extends Construct {
  private readonly table: TableV2;

  constructor(
    scope: Construct,
    id: string,
    {
      retain,
      sessionEvents,
      warmThroughput,
    }: Pick<Settings, 'retain' | 'sessionEvents' | 'warmThroughput'>,
  ) {
    super(scope, id);
    this.table = new TableV2(this, 'Table', {
      partitionKey: { name: 'rowKey', type: AttributeType.STRING },
      globalSecondaryIndexes: [
        {
          indexName: 'bySubject',
          partitionKey: { name: 'subject', type: AttributeType.STRING },
          projectionType: ProjectionType.KEYS_ONLY,
        },
      ],
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.awsManagedKey(),
      timeToLiveAttribute: 'purgeAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      ...(sessionEvents && { dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES }),
      ...(warmThroughput && {
        warmThroughput: {
          readUnitsPerSecond: warmThroughput.reads,
          writeUnitsPerSecond: warmThroughput.writes,
        },
      }),
      deletionProtection: retain,
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }

  /** The table's stream. There is one only in a stage with session events. */
  get streamArn(): string | undefined {
    return this.table.tableStreamArn;
  }

  get tableName(): string {
    return this.table.tableName;
  }

  /** The requests that DynamoDB throttled. */
  metricThrottles(period: Duration): IMetric {
    const usingMetrics = Object.fromEntries(
      asked.map((operation) => [
        operation.toLowerCase(),
        this.table.metricThrottledRequestsForOperation(operation, { period, statistic: Stats.SUM }),
      ]),
    );
    // An operation that was not throttled has no data, and a sum with a missing part is missing too.
    const filled = Object.keys(usingMetrics).map((id) => `FILL(${id}, 0)`);
    const label = 'Throttled requests';
    return new MathExpression({ expression: filled.join(' + '), usingMetrics, period, label });
  }

  /** The consumed read and write capacity units. */
  metricCapacity(period: Duration): readonly IMetric[] {
    const options = { period, statistic: Stats.SUM };
    return [
      this.table.metricConsumedReadCapacityUnits(options),
      this.table.metricConsumedWriteCapacityUnits(options),
    ];
  }

  /** The latency of an operation as DynamoDB measures it, in milliseconds. */
  metricLatency(operation: TableOperation, options: MetricOptions): IMetric {
    return this.table.metricSuccessfulRequestLatency({
      ...options,
      dimensionsMap: { TableName: this.tableName, Operation: operation },
    });
  }

  /** Grants a Lambda what refreshing the sessions of its contract takes under a policy. */
  grantRefresh(lambda: ServiceFunction, { serves, rotates }: Contract, policy: Policy): void {
    const rows = `${serves}#*`;
    const claims = `${serves}#*#claims#*`;
    const operations = refreshOperations(policy);
    // A refresh reads claims that are stored in an item of their own, and never writes them.
    this.grantOn(lambda, 'GetItem', operations.includes('GetItem') ? rows : claims);
    // When a deployment turns rotation off, the version that it replaces, or goes back to, still writes.
    if (rotates || operations.includes('UpdateItem'))
      this.grantOn(lambda, 'UpdateItem', rows, claims);
    lambda.addEnvironment('SESSION_TABLE', this.table.tableName);
  }

  /** Grants a Lambda to open and revoke the contract's sessions whose ids have a prefix. */
  grantThrowAway(lambda: ServiceFunction, { serves }: Contract, idPrefix: string): void {
    for (const operation of ['PutItem', 'UpdateItem'] as const)
      this.grantOn(lambda, operation, `${serves}#${idPrefix}*`);
    lambda.addEnvironment('SESSION_TABLE', this.table.tableName);
  }

  /** Grants one operation on items whose keys match a pattern, except those that match another. */
  private grantOn(
    lambda: ServiceFunction,
    operation: TableOperation | 'PutItem',
    keys: string,
    except?: string,
  ): void {
    const leading = (pattern: string) => ({ 'dynamodb:LeadingKeys': [pattern] });
    lambda.addToRolePolicy(
      new PolicyStatement({
        actions: [`dynamodb:${operation}`],
        resources: [this.table.tableArn],
        conditions: {
          'ForAllValues:StringLike': leading(keys),
          ...(except !== undefined && { 'ForAllValues:StringNotLike': leading(except) }),
        },
      }),
    );
  }

  /** Grants a Lambda to open, read and end the sessions of every contract. */
  grantAdmin(lambda: ServiceFunction): void {
    lambda.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
        resources: [this.table.tableArn],
      }),
    );
    lambda.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:Query'],
        resources: [`${this.table.tableArn}/index/bySubject`],
      }),
    );
    lambda.addEnvironment('SESSION_TABLE', this.table.tableName);
  }
}
