import { Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import {
  MockIntegration,
  ResponseType,
  RestApi,
  TokenAuthorizer,
} from 'aws-cdk-lib/aws-apigateway';
import { Function as Lambda } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { gatewayFaults } from '../../infra/gateway-faults.ts';
import { asText, everything, newApp, only, resources, synthesized } from './synthesis.ts';

const template = synthesized();
const outputs = template.toJSON().Outputs;

describe.for(contracts)('the API of $name', (contract) => {
  const { name, path, apiKey } = contract;
  const api = only(template, 'AWS::ApiGateway::RestApi', `${name}Api`).id;
  const mine = (type: string) =>
    resources(template, type).filter(
      ([, { Properties }]) => asText(Properties.RestApiId) === `{${api}}`,
    );

  test('answers at a URL that ends in the documented path', () => {
    const [stage = '', resource] = mine('AWS::ApiGateway::Stage')[0] ?? [];
    const output = `${name[0]?.toUpperCase()}${name.slice(1)}Url`;
    const url = asText(outputs[output].Value).replace(
      `{${stage}}`,
      String(resource?.Properties.StageName),
    );
    expect(url).toBe(`https://{${api}}.execute-api.{AWS::Region}.{AWS::URLSuffix}${path}`);
  });

  test('has POST on that path, and no other method', () => {
    const methods = mine('AWS::ApiGateway::Method');
    expect(methods).toHaveLength(1);
    expect(methods[0]?.[1].Properties).toMatchObject({
      HttpMethod: 'POST',
      ...(apiKey === 'required' && { ApiKeyRequired: true }),
      AuthorizationType: apiKey === 'required' ? 'CUSTOM' : 'NONE',
    });
    const segments = mine('AWS::ApiGateway::Resource').map(([, r]) => r.Properties.PathPart);
    expect(`/${path.split('/')[1]}/${segments.join('/')}`).toBe(path);
  });

  test('defines every gateway response type that CDK knows', () => {
    const types = Object.values(ResponseType).filter((type) => type instanceof ResponseType);
    const known = types.map(({ responseType }) => responseType).toSorted();
    expect(gatewayFaults.map(([type]) => type.responseType).toSorted()).toEqual(known);
    const answers = mine('AWS::ApiGateway::GatewayResponse');
    expect(answers.map(([, r]) => r.Properties.ResponseType).toSorted()).toEqual(known);
  });

  test.for(gatewayFaults)('answers %s with the reply of its table', ([type, fault]) => {
    const { status, body, headers = {} } = contract.refuse(fault, '$context.requestId');
    const answer = mine('AWS::ApiGateway::GatewayResponse').find(
      ([, { Properties }]) => Properties.ResponseType === type.responseType,
    );
    const header = (text: string) => `gatewayresponse.header.${text}`;
    expect(answer?.[1].Properties).toMatchObject({
      StatusCode: String(status),
      ResponseTemplates: { 'application/json': body },
      ResponseParameters: {
        [header('X-Request-Id')]: 'method.request.header.X-Request-Id',
        [header('Cache-Control')]: "'no-store'",
        ...Object.fromEntries(
          Object.entries(headers).map(([text, value]) => [header(text), `'${value}'`]),
        ),
      },
    });
  });

  test('traces, throttles and logs no request', () => {
    const [stage] = mine('AWS::ApiGateway::Stage');
    expect(stage?.[1].Properties).toMatchObject({
      TracingEnabled: true,
      MethodSettings: [
        {
          LoggingLevel: 'OFF',
          DataTraceEnabled: false,
          ThrottlingRateLimit: 50,
          ThrottlingBurstLimit: 100,
        },
      ],
    });
    expect(stage?.[1].DependsOn).toContain(resources(template, 'AWS::ApiGateway::Account')[0]?.[0]);
  });

  test('writes an access log of both request ids and no header', () => {
    const [stage] = mine('AWS::ApiGateway::Stage');
    const setting = stage?.[1].Properties.AccessLogSetting;
    const { Format } = setting as { Format: string };
    const fields = Object.values<string>(JSON.parse(Format));
    expect(fields).toEqual(
      expect.arrayContaining(['$context.requestId', '$context.extendedRequestId']),
    );
    for (const field of fields) expect(field).toMatch(/^\$context\.[A-Za-z.]+$/);
    expect(fields).not.toContain('$context.identity.apiKey');
  });

  test('allows no other origin by default', () => {
    const answers = mine('AWS::ApiGateway::GatewayResponse');
    expect(JSON.stringify(answers)).not.toContain('Access-Control');
  });
});

test('no gateway response contains API Gateway’s own error text', () => {
  expect(JSON.stringify(template.toJSON())).not.toContain('$context.error');
});

test('an API with allowed origins answers preflights and adds CORS headers to every response', () => {
  const open = synthesized(everything, 'prod');
  const answers = resources(open, 'AWS::ApiGateway::GatewayResponse');
  const marked = answers.filter(([, r]) =>
    JSON.stringify(r).includes('Access-Control-Allow-Origin'),
  );
  expect(marked).toHaveLength(contracts.length * gatewayFaults.length);
  for (const [, { Properties }] of marked)
    expect(Properties.ResponseParameters).toMatchObject({
      'gatewayresponse.header.Access-Control-Expose-Headers': "'X-Request-Id, Retry-After, Date'",
    });
  const methods = resources(open, 'AWS::ApiGateway::Method');
  for (const name of [
    'Authorization',
    'Content-Type',
    'X-Request-Id',
    'api_key',
    'X-CCProfileType',
  ])
    expect(JSON.stringify(methods)).toContain(name);
  expect(methods.map(([, r]) => r.Properties.HttpMethod).toSorted()).toEqual([
    ...contracts.map(() => 'OPTIONS'),
    ...contracts.map(() => 'POST'),
  ]);
});

// The stage serves a deployment, and CloudFormation makes a new one only under another logical id: by
// default CDK gives it none when only the authorizer changes.
test('a changed authorizer causes a new deployment of the API', () => {
  const deployment = (seconds: number) => {
    const stack = new Stack(newApp(), 'Stack');
    const handler = Lambda.fromFunctionArn(stack, 'Handler', 'arn:aws:lambda:a:1:function:b');
    const resultsCacheTtl = Duration.seconds(seconds);
    const authorizer = new TokenAuthorizer(stack, 'Authorizer', { handler, resultsCacheTtl });
    const api = new RestApi(stack, 'Api');
    api.root.addMethod('POST', new MockIntegration(), { authorizer });
    return resources(Template.fromStack(stack), 'AWS::ApiGateway::Deployment').map(([id]) => id);
  };
  expect(deployment(300)).toEqual(deployment(300));
  expect(deployment(300)).not.toEqual(deployment(60));
});
