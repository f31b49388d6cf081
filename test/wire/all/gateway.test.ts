import { describe, expect } from 'vitest';
import { contracts } from '../../../functions/contracts.ts';
import { gatewayFaults, gatewayResponse } from '../../../infra/gateway-faults.ts';
import { demoApiKey } from '../../../local/demo.ts';
import { realRoutes, send, serve } from '../../local/wire.ts';
import { undocumented } from '../../support/documented.ts';
import { answerTo, documentOf, textOf } from '../../support/openapi.ts';
import { test } from '../../support/world.ts';

const each = contracts.map((contract) => ({ name: contract.name, contract }));

const deployed = each.flatMap(({ name, contract }) =>
  gatewayFaults.map(([type, fault]) => ({ name, contract, type, fault, is: type.responseType })),
);

describe.for(deployed)("API Gateway's own $is of $name", ({ contract, type, fault }) => {
  const { statusCode, responseHeaders, templates } = gatewayResponse(contract, type, fault, false);
  const { status, value } = answerTo(contract, fault);
  const { esbUUID = '' } = (value ?? {}) as { esbUUID?: string };
  const [mediaType = '', body = ''] = Object.entries(templates ?? {})[0] ?? [];
  const text = body.replace('$context.requestId', esbUUID);

  test('is the example of its fault, byte for byte', () => {
    expect({ status: Number(statusCode), text }).toEqual({ status, text: textOf({ value }) });
  });

  test.for([
    { what: 'whatever the client calls its request', client: { 'X-Request-Id': 'any thing' } },
    { what: 'where the client does not name its request', client: {} },
  ])('is documented, $what', ({ client }) => {
    const fixed = Object.entries(responseHeaders ?? {})
      .filter(([, value]) => !value.startsWith('method.request.header.'))
      .map(([name, value]) => [name, value.slice(1, -1)]);
    const headers = { 'Content-Type': mediaType, ...Object.fromEntries(fixed), ...client };
    const answer = { status: Number(statusCode), headers, text };
    expect(undocumented(contract, answer)).toBeUndefined();
  });
});

const asked = each.flatMap(
  ({ name, contract }) =>
    [
      { name, contract, what: 'another method', fault: 'unknown-route', sent: { method: 'GET' } },
      { name, contract, what: 'another path', fault: 'unknown-route', sent: { more: '/more' } },
      {
        name,
        contract,
        what: 'a body over 10 MB',
        fault: 'too-large',
        sent: { body: 'x'.repeat(10 * 1024 * 1024 + 1) },
      },
      ...(contract.apiKey === 'required'
        ? [
            {
              name,
              contract,
              what: 'no api_key',
              fault: 'unknown-client',
              sent: { key: '' },
            } as const,
          ]
        : []),
    ] as const,
);

describe.for(asked)('$name, behind the local gateway', ({ contract, what, fault, sent }) => {
  test(`answers ${what} with the example of ${fault}`, async ({ world }) => {
    const served = await serve(realRoutes(world));
    const { more = '', key = demoApiKey, ...rest }: Sent = sent;
    const headers = contract.apiKey === 'required' ? { [keyHeader(contract)]: key } : {};
    const answer = await send(served, { path: contract.path + more, headers, ...rest });
    const { status, value } = answerTo(contract, fault);
    const { esbUUID } = (value ?? {}) as { esbUUID?: string };
    const text = textOf({ value }).replace(
      esbUUID ?? '',
      esbUUID ? String(answer.headers['x-amzn-requestid']) : '',
    );
    expect({ status: answer.status, text: answer.text }).toEqual({ status, text });
    expect(undocumented(contract, answer)).toBeUndefined();
  });
});

interface Sent {
  readonly method?: string;
  readonly more?: string;
  readonly body?: string;
  readonly key?: string;
}

describe.for(each)('the security schemes of $name', ({ contract }) => {
  test('have an api key in a header where API Gateway asks for one', () => {
    const { components, security } = documentOf(contract);
    const { securitySchemes = {} } = components;
    const keys = Object.values(securitySchemes).filter(({ type }) => type === 'apiKey');
    expect(keys.map(({ in: place, name }) => [place, name])).toEqual(
      contract.apiKey === 'required' ? [['header', 'api_key']] : [],
    );
    expect(security.flatMap((one) => Object.keys(one))).toEqual(Object.keys(securitySchemes));
  });
});

/** The header that the contract's document has for the key. */
function keyHeader(contract: (typeof contracts)[number]): string {
  const schemes = Object.values(documentOf(contract).components.securitySchemes ?? {});
  const found = schemes.find(({ type }) => type === 'apiKey')?.name;
  if (!found) throw new Error(`the document of ${contract.name} has no api key`);
  return found;
}
