import { Aws, Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnPipe } from 'aws-cdk-lib/aws-pipes';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import {
  DefinitionBody,
  Pass,
  QueryLanguage,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { AlarmRule } from './alarm-rule.ts';
import { changes, naming, pickedFields } from './session-event-fields.ts';

export interface SessionEventsProps {
  /** The table's stream, with both images. */
  readonly streamArn: string;
}

/**
 * Events when sessions open and end: the table's stream, through a pipe, onto a bus of their own.
 * docs/events.md describes them to their readers.
 */
export class SessionEvents extends Construct {
  readonly bus: EventBus;
  private readonly lost: Queue;
  private readonly pipe: CfnPipe;

  constructor(scope: Construct, id: string, { streamArn }: SessionEventsProps) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', { description: 'Sessions that opened and ended' });
    this.lost = new Queue(this, 'Lost', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.lost, 'AwsSolutions-SQS3', 'It is the dead-letter queue of the pipe.');
    acknowledge(this.lost, 'Serverless-SQSRedrivePolicy', 'It is the dead-letter queue.');
    const machine = this.addNaming();
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('pipes.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: [
          'dynamodb:DescribeStream',
          'dynamodb:GetRecords',
          'dynamodb:GetShardIterator',
          'dynamodb:ListStreams',
        ],
        resources: [streamArn],
      }),
    );
    machine.grantStartSyncExecution(role);
    this.lost.grant(role, 'sqs:SendMessage');
    this.bus.grantPutEventsTo(role);
    this.pipe = new CfnPipe(this, 'Pipe', {
      description: 'Puts an event onto the bus for each session that opens or ends',
      roleArn: role.roleArn,
      source: streamArn,
      sourceParameters: {
        dynamoDbStreamParameters: {
          startingPosition: 'TRIM_HORIZON',
          onPartialBatchItemFailure: 'AUTOMATIC_BISECT',
          // At once from each shard, in order for each session. One at a time, a peak of logins would
          // keep revocations waiting.
          parallelizationFactor: 10,
          // The stream keeps records for 24 hours: twelve are left to read one that was given up.
          maximumRecordAgeInSeconds: Duration.hours(12).toSeconds(),
          deadLetterConfig: { arn: this.lost.queueArn },
        },
        filterCriteria: {
          filters: Object.values(changes).map(({ filter }) => ({
            pattern: JSON.stringify(filter),
          })),
        },
      },
      enrichment: machine.stateMachineArn,
      enrichmentParameters: { inputTemplate: JSON.stringify(pickedFields) },
      target: this.bus.eventBusArn,
      targetParameters: {
        eventBridgeEventBusParameters: { source: 'session-refresh', detailType: '$.type' },
      },
    });
    // Without its policy the pipe can't be made.
    this.pipe.node.addDependency(role);
  }

  get pipeName(): string {
    return this.pipe.ref;
  }

  get lostUrl(): string {
    return this.lost.queueUrl;
  }

  /** The alarms of events that come late, or not at all. */
  alarms(): readonly AlarmRule[] {
    const failed = (metricName: string) =>
      new Metric({
        namespace: 'AWS/EventBridge/Pipes',
        metricName,
        dimensionsMap: { PipeName: this.pipe.ref },
        statistic: Stats.SUM,
        period: Duration.minutes(1),
      });
    const late = ['ExecutionFailed', 'ExecutionTimeout', 'ExecutionThrottled'] as const;
    return [
      ...late.map((metricName) => ({
        name: `pipe-${metricName}`,
        heading: 'Events are late' as const,
        // A batch that fails is tried again, and everything behind it in its shard waits.
        metric: failed(metricName),
        threshold: 1,
        datapoints: 3,
        periods: 5,
      })),
      {
        name: 'events-lost',
        heading: 'Events are late',
        metric: this.lost.metricApproximateNumberOfMessagesVisible({
          period: Duration.minutes(1),
          statistic: Stats.MAXIMUM,
        }),
        threshold: 1,
        datapoints: 1,
        periods: 1,
      },
    ];
  }

  /** The state that names the event of each record. A pipe's template can only copy fields. */
  private addNaming(): StateMachine {
    const machine = new StateMachine(this, 'Naming', {
      stateMachineType: StateMachineType.EXPRESS,
      queryLanguage: QueryLanguage.JSONATA,
      definitionBody: DefinitionBody.fromChainable(
        Pass.jsonata(this, 'Name', { outputs: `{% ${naming} %}` }),
      ),
    });
    const onePass = 'It is one state that calls no service; the pipe reports its failures.';
    acknowledge(machine, 'AwsSolutions-SF1', onePass);
    acknowledge(machine, 'AwsSolutions-SF2', onePass);
    acknowledge(machine, 'Serverless-StepFunctionStateMachineXray', onePass);
    return machine;
  }
}
