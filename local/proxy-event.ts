import { randomBytes } from 'node:crypto';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';

/** A request as it arrived. */
export interface ClientRequest {
  readonly method: string;
  /** The path and the query. */
  readonly target: string;
  /** Names and values in turn, in the case they were sent in. */
  readonly rawHeaders: readonly string[];
  /** Absent where it is over API Gateway's 10 MB. */
  readonly body: string | undefined;
  readonly sourceIp: string;
}

/** What the gateway has already read from a request. */
export interface Parts {
  readonly path: string;
  readonly stage: string;
  readonly query: ReadonlyMap<string, string[]>;
  readonly body: string;
  readonly requestId: string;
}

/**
 * The event of a REST API's Lambda proxy integration, with its single-value and multi-value fields:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export function proxyEvent(
  request: Omit<ClientRequest, 'target' | 'body'>,
  { path, stage, query, body, requestId }: Parts,
): APIGatewayProxyEvent {
  const headers = headersOf(request);
  const resource = path.slice(stage.length + 1);
  return {
    resource,
    path: resource,
    httpMethod: request.method,
    headers: lastOf(headers),
    multiValueHeaders: Object.fromEntries(headers),
    queryStringParameters: query.size > 0 ? lastOf(query) : null,
    multiValueQueryStringParameters: query.size > 0 ? Object.fromEntries(query) : null,
    pathParameters: null,
    stageVariables: null,
    body: body === '' ? null : body,
    isBase64Encoded: false,
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      authorizer: null,
      protocol: 'HTTP/1.1',
      httpMethod: request.method,
      identity: { ...noIdentity, sourceIp: request.sourceIp },
      path,
      stage,
      requestId,
      extendedRequestId: randomBytes(11).toString('base64'),
      requestTimeEpoch: Date.now(),
      resourceId: 'local',
      resourcePath: resource,
    },
  };
}

/** The headers by name, in the case they were sent in. */
function headersOf({ rawHeaders }: Pick<ClientRequest, 'rawHeaders'>): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    headers.set(name, [...(headers.get(name) ?? []), value]);
  }
  return headers;
}

/** AWS's single-value fields keep the last of a repeated name. */
function lastOf(values: ReadonlyMap<string, string[]>): Record<string, string> {
  return Object.fromEntries([...values].map(([name, all]) => [name, all.at(-1) ?? '']));
}

const noIdentity: APIGatewayProxyEvent['requestContext']['identity'] = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  sourceIp: '',
  user: null,
  userAgent: null,
  userArn: null,
};

/** A handler's context, with five seconds left, as the deployed Lambda has. */
export function context(awsRequestId: string): Context {
  const ends = Date.now() + 5000;
  return {
    awsRequestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'local',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:local:000000000000:function:local',
    memoryLimitInMB: '256',
    logGroupName: 'local',
    logStreamName: 'local',
    getRemainingTimeInMillis: () => ends - Date.now(),
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
