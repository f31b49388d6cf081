import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  ApiKeySourceType,
  type CfnRestApi,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  RestApi,
  type Stage,
} from 'aws-cdk-lib/aws-apigateway';
import { type Alias, Function as Lambda } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Contract } from '../functions/core/contract/contract.ts';
import { allowedHeaders } from '../functions/core/contract/cors.ts';
import { accessLogFormat } from './access-log.ts';
import { acknowledgeFindings } from './api-findings.ts';
import { ApiKeyAuthorizer } from './api-keys.ts';
import { gatewayFaults, gatewayResponse } from './gateway-faults.ts';
import type { Keys } from './keys.ts';
import { memoryMB } from './memory.ts';
import { ServiceFunction } from './service-function.ts';
import type { SessionTable } from './session-table.ts';
import { policyOf, type Settings } from './settings.ts';
import { tls } from './tls.ts';

export interface RefreshApiProps {
  readonly contract: Contract;
  readonly settings: Settings;
  readonly sessions: SessionTable;
  readonly keys: Keys;
}

/**
 * A contract's REST API and Lambda. The API's stage is the first segment of the contract's path, so its
 * invoke URL ends in exactly that path.
 */
export class RefreshApi extends Construct {
  readonly contract: Contract;
  readonly api: RestApi;
  readonly stage: Stage;
  readonly lambda: ServiceFunction;
  /** The alias that the API invokes. CodeDeploy moves it from version to version. */
  readonly live: Alias;
  /** The authorizer's Lambda, where the contract requires api keys. */
  readonly authorizer: ServiceFunction | undefined;
  readonly accessLogs: LogGroup;
  /** Whether pages of other origins may call the contract. */
  readonly cors: boolean;
  /** The URL of the contract, without a custom domain. */
  readonly url: string;
  /** The first segment of the path: the API's stage, and the base path under a custom domain. */
  readonly basePath: string;

  constructor(
    scope: Construct,
    id: string,
    { contract, settings, sessions, keys }: RefreshApiProps,
  ) {
    super(scope, id);
    const { name, path, apiKey, body } = contract;
    // X-Ray records the URL of a request with its query, and only a form contract's query has credentials:
    // docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-understanding-xray-traces.html
    const traced = body !== 'form';
    const [, basePath = '', ...resource] = path.split('/');
    const own = settings.contracts[name];
    const { rate, burst } = own?.throttle ?? settings.throttle;
    const origins = own?.allowedOrigins ?? [];
    this.contract = contract;
    this.basePath = basePath;
    this.cors = origins.length > 0;

    const lambda = new ServiceFunction(this, 'Function', {
      folder: name,
      description: `POST ${path}`,
      memoryMB: memoryMB(name),
      timeoutSeconds: 5,
      traced,
      logRetentionDays: settings.logRetentionDays,
      environment: {
        SESSION_POLICIES: JSON.stringify({ [contract.serves]: policyOf(settings, contract) }),
        PRIME: 'on',
        METRICS_NAMESPACE: Stack.of(this).stackName,
        ...(this.cors && { ALLOWED_ORIGINS: origins.join(' ') }),
        ...(settings.sam && forSam),
      },
    });
    lambda.overrideLogicalId(`${name}Function`);
    sessions.grantRefresh(lambda, contract, policyOf(settings, contract));
    keys.grantRead(lambda, [contract]);

    this.live = lambda.addAlias('live');
    const logs = new LogGroup(this, 'AccessLogs', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.api = new RestApi(this, 'Api', {
      // trace-sampling.ts finds the stack's APIs by the end of their names.
      restApiName: `${name}-${Stack.of(this).stackName}`,
      description: `POST ${path}`,
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: false,
      ...(apiKey === 'required' && { apiKeySourceType: ApiKeySourceType.AUTHORIZER }),
      deployOptions: {
        stageName: basePath,
        tracingEnabled: traced,
        throttlingRateLimit: rate,
        throttlingBurstLimit: burst,
        // Execution logs would hold keys and bodies.
        loggingLevel: MethodLoggingLevel.OFF,
        dataTraceEnabled: false,
        accessLogDestination: new LogGroupLogDestination(logs),
        accessLogFormat: AccessLogFormat.custom(accessLogFormat(settings)),
      },
    });
    // RestApi has no properties for these.
    Object.assign(this.api.node.defaultChild as CfnRestApi, tls);
    this.stage = this.api.deploymentStage;
    for (const [type, fault] of gatewayFaults)
      this.api.addGatewayResponse(
        type.responseType,
        gatewayResponse(contract, type, fault, this.cors),
      );

    const authorizer =
      apiKey === 'required' ? new ApiKeyAuthorizer(this, 'Authorizer', settings) : undefined;
    this.lambda = lambda;
    this.authorizer = authorizer?.lambda;
    this.accessLogs = logs;

    // The alias, by the function's ARN: `sam local` can't resolve a reference to an alias.
    const called = Lambda.fromFunctionAttributes(this, 'Called', {
      functionArn: `${lambda.functionArn}:${this.live.aliasName}`,
      sameEnvironment: true,
    });
    const route = this.api.root.resourceForPath(resource.join('/'));
    const integration = new LambdaIntegration(called, { allowTestInvoke: false });
    const method = route.addMethod('POST', integration, {
      ...(authorizer && { apiKeyRequired: true, authorizer: authorizer.authorizer }),
    });
    method.node.addDependency(this.live);
    if (this.cors)
      route.addCorsPreflight({
        allowOrigins: [...origins],
        allowMethods: ['POST'],
        allowHeaders: [...allowedHeaders],
      });
    acknowledgeFindings({ api: this.api, stage: this.stage, method, apiKey, traced, settings });
    // CDK's own output lacks the documented path; outputs.ts has one with it.
    this.api.node.tryRemoveChild('Endpoint');
    this.url = `${this.api.url}${resource.join('/')}`;
  }
}

/** `sam local` sets only variables that the template has. Empty ones have no effect. */
const forSam = { SESSION_KEYS: '', AWS_ENDPOINT_URL_DYNAMODB: '' };
