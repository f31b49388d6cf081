import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  type CfnFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { bundling } from './bundling.ts';
import { defaultMemoryMB } from './memory.ts';

export interface ServiceFunctionProps {
  /** The folder in `functions/` with its handler.ts. */
  readonly folder: string;
  readonly description: string;
  /** Default: 512. */
  readonly memoryMB?: number;
  readonly timeoutSeconds: number;
  /** Whether X-Ray may record it. Default: true. */
  readonly traced?: boolean;
  readonly logRetentionDays: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A Lambda function: one bundled ES module with its own log group and role. */
export class ServiceFunction extends NodejsFunction {
  constructor(
    scope: Construct,
    id: string,
    {
      folder,
      description,
      memoryMB = defaultMemoryMB,
      timeoutSeconds,
      traced = true,
      logRetentionDays,
      environment,
    }: ServiceFunctionProps,
  ) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // AWSLambdaBasicExecutionRole would let it write to every log group of the account.
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    logGroup.grantWrite(role);
    super(scope, id, {
      description,
      entry: join(root, 'functions', folder, 'handler.ts'),
      projectRoot: root,
      depsLockFilePath: join(root, 'package-lock.json'),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: memoryMB,
      timeout: Duration.seconds(timeoutSeconds),
      tracing: traced ? Tracing.ACTIVE : Tracing.DISABLED,
      role,
      logGroup,
      // Lambda's own START, END and REPORT lines are of level INFO; a timeout or a crash is a warning.
      loggingFormat: LoggingFormat.JSON,
      systemLogLevelV2: SystemLogLevel.WARN,
      // Above INFO, Lambda would drop the lines of ordinary requests, and their metrics with them.
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      ...(environment && { environment }),
      // Keeps replaced versions: a rollback moves the alias back to one. A version whose deployment failed
      // goes, or the next try could not publish the same code: Lambda publishes no version twice.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE },
      bundling,
    });
    acknowledge(
      role,
      'AwsSolutions-IAM5[Resource::*]',
      'The X-Ray actions have no narrower resource.',
    );
    acknowledge(
      this,
      'Serverless-LambdaDLQ',
      'It is called synchronously: its caller reads the failure, and no event is queued.',
    );
    if (!traced)
      acknowledge(
        this,
        'Serverless-LambdaTracing',
        'Its API is not traced, and on its own Lambda takes no sampling rule.',
      );
  }

  /** Gives the function a logical id that is easy to type. */
  overrideLogicalId(name: string): void {
    (this.node.defaultChild as CfnFunction).overrideLogicalId(name);
  }
}

const root = join(import.meta.dirname, '..');
