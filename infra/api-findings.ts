import type { Method, RestApi, Stage } from 'aws-cdk-lib/aws-apigateway';
import type { Contract } from '../functions/core/contract/contract.ts';
import { acknowledge } from './acknowledge.ts';
import type { Settings } from './settings.ts';

export interface ApiFindings {
  readonly api: RestApi;
  readonly stage: Stage;
  readonly method: Method;
  readonly apiKey: Contract['apiKey'];
  readonly traced: boolean;
  readonly settings: Settings;
}

/** Accepts the cdk-nag findings on a contract's API that follow from its document. */
export function acknowledgeFindings({
  api,
  stage,
  method,
  apiKey,
  traced,
  settings,
}: ApiFindings): void {
  acknowledge(
    method,
    'AwsSolutions-COG4',
    'The document defines the credential, which the Lambda checks; no user pool knows it.',
  );
  if (apiKey === 'none')
    acknowledge(
      method,
      'AwsSolutions-APIG4',
      'The document has no credential but the one in the request, which the Lambda checks.',
    );
  acknowledge(
    api,
    'AwsSolutions-APIG2',
    'The Lambda refuses malformed requests, in words of the contract that API Gateway cannot choose.',
  );
  acknowledge(
    stage,
    'AwsSolutions-APIG6',
    'Execution logs would hold credentials. Access logs, which hold none, are on.',
  );
  if (!traced)
    acknowledge(
      stage,
      'Serverless-APIGWXrayEnabled',
      'X-Ray would record the query of the URL, which can hold a credential.',
    );
  if (!settings.firewall)
    acknowledge(
      stage,
      'AwsSolutions-APIG3',
      'Throttling guards the stage; a firewall is a setting of the stage.',
    );
}
