import { aws_apigateway as apigateway, Duration, aws_lambda as lambda, Stack } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { gatewayFaults } from '../../infra/gateway-faults.ts';
import { all, asText, dev, full, newApp, only, other, templateOf } from './synthesis.ts';

describe.for(contracts)('the API of $name', (contract) => {
  const { name, path } = contract;
  const keyed = contract.apiKey === 'required';
  const { id: api, Properties } = only(dev, 'AWS::ApiGateway::RestApi', `${name}Api`);
  const mine = (type: string) =>
    all(dev, `AWS::ApiGateway::${type}`).filter(
      ({ Properties: { RestApiId } }) => asText(RestApiId) === `{${api}}`,
    );
  const [stage, ...otherStages] = mine('Stage');

  test('answers at a URL that ends in the documented path', () => {
    const output = dev.Outputs[`${name[0]?.toUpperCase()}${name.slice(1)}Url`]?.Value;
    const url = asText(output).replace(`{${stage?.id}}`, stage?.Properties.StageName);
    expect(url).toBe(`https://{${api}}.execute-api.{AWS::Region}.{AWS::URLSuffix}${path}`);
    expect(otherStages).toEqual([]);
  });

  test('has POST on that path, and no other method; the header api_key where it is documented', () => {
    const methods = mine('Method').map(({ Properties }) => Properties);
    const custom = { AuthorizationType: 'CUSTOM', ApiKeyRequired: true };
    const authorized = keyed ? custom : { AuthorizationType: 'NONE' };
    expect(methods).toMatchObject([{ HttpMethod: 'POST', ...authorized }]);
    expect(Properties.ApiKeySourceType).toBe(keyed ? 'AUTHORIZER' : undefined);
    const segments = mine('Resource').map(({ Properties: { PathPart } }) => PathPart);
    expect(`/${path.split('/')[1]}/${segments.join('/')}`).toBe(path);
  });

  test('answers every gateway response type that CDK knows with the reply of its table', () => {
    const { ResponseType } = apigateway;
    const types = Object.values(ResponseType).filter((type) => type instanceof ResponseType);
    expect(new Set(gatewayFaults.map(([type]) => type))).toEqual(new Set(types));
    const expected = gatewayFaults.map(([{ responseType }, fault]) => {
      const { status, body, headers = {} } = contract.refuse(fault, '$context.requestId');
      // No other origin by default.
      const fixed = Object.entries({ 'Cache-Control': 'no-store', ...headers });
      const parameters = fixed
        .map(([name, value]) => [name, `'${value}'`])
        .concat([['X-Request-Id', 'method.request.header.X-Request-Id']])
        .map(([name, value]) => [`gatewayresponse.header.${name}`, value]);
      return {
        ResponseType: responseType,
        StatusCode: String(status),
        ResponseTemplates: { 'application/json': body },
        ResponseParameters: Object.fromEntries(parameters),
        RestApiId: { Ref: api },
      };
    });
    const answers = mine('GatewayResponse').map(({ Properties }) => Properties);
    expect(answers).toHaveLength(expected.length);
    expect(answers).toEqual(expect.arrayContaining(expected));
  });

  test('traces no URL with a credential, throttles, and logs no request', () => {
    const throttled = { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 };
    expect(stage?.Properties).toMatchObject({
      TracingEnabled: name !== 'eos',
      MethodSettings: [{ LoggingLevel: 'OFF', DataTraceEnabled: false, ...throttled }],
    });
    expect(stage?.DependsOn).toContain(only(dev, 'AWS::ApiGateway::Account').id);
  });

  test('writes an access log of both request ids, and of no header or error text', () => {
    const { Format } = stage?.Properties.AccessLogSetting ?? {};
    const fields = Object.values<string>(JSON.parse(Format));
    const ids = ['$context.requestId', '$context.extendedRequestId'];
    expect(fields).toEqual(expect.arrayContaining(ids));
    for (const field of fields)
      expect(field).toMatch(/^\$context\.(?!error|identity\.apiKey$)[A-Za-z.]+$/);
  });
});

test('a contract’s own throttle is in place of the stage’s, which the others keep', () => {
  const rates = contracts.map(({ name }) => {
    const [settings] = only(other, 'AWS::ApiGateway::Stage', `${name}Api`).Properties
      .MethodSettings;
    return [name, settings.ThrottlingRateLimit, settings.ThrottlingBurstLimit];
  });
  const own = ({ name, serves }: Contract) => (serves === name ? [name, 5, 6] : [name, 50, 100]);
  expect(rates).toEqual(contracts.map(own));
});

// Under a custom domain, too, API Gateway negotiates by the policy of the API.
test('every API and the custom domain speak TLS 1.2 and 1.3 alone, with post-quantum key exchange', () => {
  const servers = ['RestApi', 'DomainName'].flatMap((type) =>
    [dev, full].flatMap((template) => all(template, `AWS::ApiGateway::${type}`)),
  );
  expect(servers).toHaveLength(2 * contracts.length + 1);
  for (const { Properties } of servers)
    expect(Properties).toMatchObject({
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
      EndpointAccessMode: 'STRICT',
    });
});

test('an API with allowed origins answers preflights and adds CORS headers to every response', () => {
  const marked = all(full, 'AWS::ApiGateway::GatewayResponse').filter((one) =>
    JSON.stringify(one).includes('Access-Control-Allow-Origin'),
  );
  expect(marked).toHaveLength(contracts.length * gatewayFaults.length);
  for (const { Properties } of marked)
    expect(Properties.ResponseParameters).toMatchObject({
      'gatewayresponse.header.Access-Control-Expose-Headers': "'X-Request-Id, Retry-After, Date'",
    });
  const methods = all(full, 'AWS::ApiGateway::Method');
  const allowed = ['Authorization', 'Content-Type', 'X-Request-Id', 'api_key', 'X-CCProfileType'];
  for (const name of allowed) expect(JSON.stringify(methods)).toContain(name);
  const verbs = methods.map(({ Properties }) => Properties.HttpMethod).toSorted();
  expect(verbs).toEqual(['OPTIONS', 'POST'].flatMap((verb) => contracts.map(() => verb)));
});

// The stage serves a deployment, and CloudFormation makes a new one only under another logical id: by
// default CDK gives it none when only the authorizer changes.
test('a changed authorizer causes a new deployment of the API', () => {
  const deployment = (seconds: number) => {
    const stack = new Stack(newApp(), 'Stack');
    const attributes = { functionArn: 'arn:aws:lambda:a:1:function:b', sameEnvironment: true };
    const handler = lambda.Function.fromFunctionAttributes(stack, 'Handler', attributes);
    const cached = { handler, resultsCacheTtl: Duration.seconds(seconds) };
    const authorizer = new apigateway.TokenAuthorizer(stack, 'Authorizer', cached);
    const api = new apigateway.RestApi(stack, 'Api');
    api.root.addMethod('POST', new apigateway.MockIntegration(), { authorizer });
    return only(templateOf(stack), 'AWS::ApiGateway::Deployment').id;
  };
  expect(deployment(300)).toBe(deployment(300));
  expect(deployment(300)).not.toBe(deployment(60));
});
