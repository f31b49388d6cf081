import { Duration, Stack } from 'aws-cdk-lib';
import {
  ApiKey,
  type IAuthorizer,
  Period,
  type RestApi,
  type Stage,
  TokenAuthorizer,
} from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { ServiceFunction } from './service-function.ts';
import type { Client, Settings } from './settings.ts';

/** The format of api keys: API Gateway generates 40 characters; imported keys have 20 to 128. */
export const apiKeyPattern = '^[A-Za-z0-9]{20,128}$';

/** The authorizer that passes the header `api_key` to API Gateway's usage plan. */
export class ApiKeyAuthorizer extends Construct {
  readonly authorizer: IAuthorizer;
  readonly lambda: ServiceFunction;

  constructor(scope: Construct, id: string, { logRetentionDays }: Settings) {
    super(scope, id);
    this.lambda = new ServiceFunction(this, 'Function', {
      folder: 'api-key',
      description: 'Passes the api_key header to the usage plan',
      timeoutSeconds: 5,
      logRetentionDays,
    });
    this.authorizer = new TokenAuthorizer(this, 'Authorizer', {
      handler: this.lambda,
      identitySource: 'method.request.header.api_key',
      validationRegex: apiKeyPattern,
      resultsCacheTtl: Duration.minutes(5),
    });
  }
}

export interface ApiKeysProps {
  readonly api: RestApi;
  readonly stage: Stage;
  readonly clients: readonly Client[];
}

/** The clients of an API: each has a key and a usage plan. No key's value is in the template. */
export class ApiKeys extends Construct {
  /** The ids of each client's key and plan. */
  readonly ids = new Map<string, { readonly key: string; readonly plan: string }>();

  constructor(scope: Construct, id: string, { api, stage, clients }: ApiKeysProps) {
    super(scope, id);
    for (const { name, rate, burst, quota } of clients) {
      const named = `${Stack.of(this).stackName}-${name}`;
      const plan = api.addUsagePlan(`plan-${name}`, {
        name: named,
        apiStages: [{ api: stage.restApi, stage }],
        throttle: { rateLimit: rate, burstLimit: burst },
        quota: { limit: quota.limit, period: Period[quota.period] },
      });
      const key = new ApiKey(this, name, {
        apiKeyName: named,
        description: `The key of ${name}`,
      });
      plan.addApiKey(key);
      this.ids.set(name, { key: key.keyId, plan: plan.usagePlanId });
    }
  }
}
