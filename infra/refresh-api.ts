import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  ApiKeySourceType,
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
import type { Contract } from '../functions/core/edge/contract.ts';
import { acknowledge } from './acknowledge.ts';
import { ApiKeyAuthorizer } from './api-keys.ts';
import { gatewayFaults, gatewayResponse } from './gateway-faults.ts';
import type { Keys } from './keys.ts';
import { ServiceFunction } from './service-function.ts';
import type { SessionTable } from './session-table.ts';
import { policyOf, type Settings } from './settings.ts';

export interface RefreshApiProps {
  readonly contract: Contract;
  readonly settings: Settings;
  readonly sessions: SessionTable;
  readonly keys: Keys;
}

/**
 * A contract's API and Lambda. The stage is the first segment of the contract's path, so the invoke URL
 * ends in exactly that path.
 */
export class RefreshApi extends Construct {
  readonly contract: Contract;
  readonly api: RestApi;
  readonly stage: Stage;
  readonly lambda: ServiceFunction;
  /** What the API calls: CodeDeploy moves it from one version to the next. */
  readonly live: Alias;
  /** The Lambda that shows api keys to the usage plan, where the contract asks for keys. */
  readonly authorizer: ServiceFunction | undefined;
  readonly accessLogs: LogGroup;
  /** Where the contract answers. */
  readonly url: string;
  /** The first segment of the path: stage of the API, and base path under a custom domain. */
  readonly basePath: string;

  constructor(
    scope: Construct,
    id: string,
    { contract, settings, sessions, keys }: RefreshApiProps,
  ) {
    super(scope, id);
    const { name, path, apiKey } = contract;
    const [, basePath = '', ...resource] = path.split('/');
    const own = settings.contracts[name];
    const { rate, burst } = own?.throttle ?? settings.throttle;
    const origins = own?.allowedOrigins ?? [];
    this.contract = contract;
    this.basePath = basePath;

    const lambda = new ServiceFunction(this, 'Function', {
      folder: name,
      description: `POST ${path}`,
      timeoutSeconds: 5,
      logRetentionDays: settings.logRetentionDays,
      environment: {
        SESSION_POLICIES: JSON.stringify({ [name]: policyOf(settings, contract) }),
        METRICS_NAMESPACE: Stack.of(this).stackName,
        ...(origins.length > 0 && { ALLOWED_ORIGINS: origins.join(' ') }),
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
      restApiName: `${scope.node.id}-${name}`,
      description: `POST ${path}`,
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: false,
      ...(apiKey === 'required' && { apiKeySourceType: ApiKeySourceType.AUTHORIZER }),
      deployOptions: {
        stageName: basePath,
        tracingEnabled: true,
        throttlingRateLimit: rate,
        throttlingBurstLimit: burst,
        // Execution logs would hold keys and bodies.
        loggingLevel: MethodLoggingLevel.OFF,
        dataTraceEnabled: false,
        accessLogDestination: new LogGroupLogDestination(logs),
        accessLogFormat: AccessLogFormat.custom(
          JSON.stringify({ ...accessLog, ...(settings.firewall && byFirewall) }),
        ),
      },
    });
    this.stage = this.api.deploymentStage;
    for (const [type, fault] of gatewayFaults)
      this.api.addGatewayResponse(
        type.responseType,
        gatewayResponse(contract, type, fault, origins.length > 0),
      );

    const authorizer =
      apiKey === 'required' ? new ApiKeyAuthorizer(this, 'Authorizer', settings) : undefined;
    this.lambda = lambda;
    this.authorizer = authorizer?.lambda;
    this.accessLogs = logs;

    // The alias by the function's ARN: `sam local` finds no function behind a reference to an alias.
    const called = Lambda.fromFunctionAttributes(this, 'Called', {
      functionArn: `${lambda.functionArn}:${this.live.aliasName}`,
      sameEnvironment: true,
    });
    const route = this.api.root.resourceForPath(resource.join('/'));
    const method = route.addMethod(
      'POST',
      new LambdaIntegration(called, { allowTestInvoke: false }),
      {
        ...(authorizer && { apiKeyRequired: true, authorizer: authorizer.authorizer }),
      },
    );
    method.node.addDependency(this.live);
    if (origins.length > 0)
      route.addCorsPreflight({
        allowOrigins: [...origins],
        allowMethods: ['POST'],
        // The last is sent by Oracle Commerce's storefront with every request.
        allowHeaders: [
          'Authorization',
          'Content-Type',
          'X-Request-Id',
          'api_key',
          'X-CCProfileType',
        ],
      });
    acknowledge(
      method,
      'AwsSolutions-COG4',
      'The caller is a client of the documented wire, whose credential the Lambda judges; no user pool knows it.',
    );
    if (apiKey === 'none')
      acknowledge(
        method,
        'AwsSolutions-APIG4',
        'The document has no credential but the one in the request itself, which the Lambda judges.',
      );
    acknowledge(
      this.api,
      'AwsSolutions-APIG2',
      'A malformed request is answered in the words of the contract, which API Gateway cannot choose by content.',
    );
    acknowledge(
      this.stage,
      'AwsSolutions-APIG6',
      'Execution logs hold headers and bodies, and so credentials. Access logs, which hold none, are on.',
    );
    if (!settings.firewall)
      acknowledge(
        this.stage,
        'AwsSolutions-APIG3',
        'Throttling guards the stage; a firewall before it is a setting of the deployment.',
      );
    // CDK gives every API an output of its own; the stack has one that ends in the documented path.
    this.api.node.tryRemoveChild('Endpoint');
    this.url = `${this.api.url}${resource.join('/')}`;
  }
}

/** sam hands over the variables that the template has, and no others. Empty, they say nothing. */
const forSam = { SESSION_KEYS: '', AWS_ENDPOINT_URL_DYNAMODB: '' };

/**
 * One line per request. `requestId` may be the client's own; `extendedRequestId` never is. No key, no
 * query and no header is in it.
 */
const accessLog = {
  requestId: '$context.requestId',
  extendedRequestId: '$context.extendedRequestId',
  traceId: '$context.xrayTraceId',
  time: '$context.requestTimeEpoch',
  method: '$context.httpMethod',
  resource: '$context.resourcePath',
  status: '$context.status',
  apiKeyId: '$context.identity.apiKeyId',
  sourceIp: '$context.identity.sourceIp',
  latency: '$context.responseLatency',
  integrationLatency: '$context.integration.latency',
  integrationStatus: '$context.integration.status',
};

/** Whether the firewall blocked the request: `WAF_BLOCK`, `WAF_ALLOW`. */
const byFirewall = { firewall: '$context.wafResponseCode' };
