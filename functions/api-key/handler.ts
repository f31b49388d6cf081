import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';

/**
 * Shows API Gateway the key in the header `api_key`, where it does not look itself: the usage plan
 * judges it. The answer is kept by key, so its policy covers the whole stage.
 */
export async function handler({
  authorizationToken,
  methodArn,
}: APIGatewayTokenAuthorizerEvent): Promise<APIGatewayAuthorizerResult> {
  const [api, stage] = methodArn.split('/');
  return {
    principalId: 'api-key',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${api}/${stage}/*` }],
    },
    usageIdentifierKey: authorizationToken,
  };
}
