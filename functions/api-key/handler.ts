import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';

/**
 * Passes the key in the header `api_key` to API Gateway, which does not read that header itself.
 * The usage plan accepts or rejects the key. API Gateway caches the answer by key, so its policy
 * must cover the whole stage.
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
