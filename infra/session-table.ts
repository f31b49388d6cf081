import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  ProjectionType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Contract } from '../functions/core/edge/contract.ts';
import type { ServiceFunction } from './service-function.ts';
import type { Settings } from './settings.ts';

/** The table every contract shares: one row per session, deleted some time after it is over. */
export class SessionTable extends Construct {
  private readonly table: TableV2;

  constructor(scope: Construct, id: string, { retain }: Pick<Settings, 'retain'>) {
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
      deletionProtection: retain,
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }

  get tableName(): string {
    return this.table.tableName;
  }

  /** Lets a Lambda refresh the sessions of its contract, by the one action that takes. */
  grantRefresh(lambda: ServiceFunction, { name, policy }: Contract): void {
    lambda.addToRolePolicy(
      new PolicyStatement({
        actions: [typeof policy.idle === 'number' ? 'dynamodb:UpdateItem' : 'dynamodb:GetItem'],
        resources: [this.table.tableArn],
        conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${name}#*`] } },
      }),
    );
    lambda.addEnvironment('SESSION_TABLE', this.table.tableName);
  }

  /** Lets a Lambda open and end the sessions of every contract. */
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
