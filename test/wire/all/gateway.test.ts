import { describe, expect } from 'vitest';
import { contracts } from '../../../functions/contracts.ts';
import type { Fault } from '../../../functions/core/contract/fault.ts';
import { demoApiKey } from '../../../local/demo.ts';
import { realRoutes, send, serve } from '../../local/wire.ts';
import { undocumented } from '../../support/documented.ts';
import { answerTo, documentOf } from '../../support/openapi.ts';
import { test } from '../../support/world.ts';

// The answers of the deployed one are in test/infra/refresh-api.test.ts.
interface Asked {
  readonly what: string;
  readonly fault: Fault;
  readonly sent: { method?: string; more?: string; body?: string; key?: string };
}

const asked: readonly Asked[] = [
  { what: 'another method', fault: 'unknown-route', sent: { method: 'GET' } },
  { what: 'another path', fault: 'unknown-route', sent: { more: '/more' } },
  { what: 'a body over 10 MB', fault: 'too-large', sent: { body: 'x'.repeat(10 * 2 ** 20 + 1) } },
  { what: 'no api_key', fault: 'unknown-client', sent: { key: '' } },
];

describe.for(contracts)('$name, behind the local gateway', (contract) => {
  const keyed = contract.apiKey === 'required';

  test.for(asked.filter(({ sent }) => keyed || sent.key === undefined))(
    'answers $what with the example of $fault',
    async ({ fault, sent }, { world }) => {
      const served = await serve(realRoutes(world));
      const { more = '', key = demoApiKey, ...rest } = sent;
      const headers = keyed ? { api_key: key } : {};
      const answer = await send(served, { path: contract.path + more, headers, ...rest });
      const { status, text } = answerTo(contract, fault);
      const id = String(answer.headers['x-amzn-requestid']);
      const own = text.replace(/(?<="esbUUID":")[^"]+/, id);
      expect({ status: answer.status, text: answer.text }).toEqual({ status, text: own });
      expect(undocumented(contract, answer)).toBeUndefined();
    },
  );

  test('asks for an api key where its document has one', () => {
    const { components, security } = documentOf(contract);
    const { securitySchemes = {} } = components;
    const keys = Object.values(securitySchemes).filter(({ type }) => type === 'apiKey');
    const places = keys.map(({ in: place, name }) => [place, name]);
    expect(places).toEqual(keyed ? [['header', 'api_key']] : []);
    expect(security.flatMap((one) => Object.keys(one))).toEqual(Object.keys(securitySchemes));
  });
});
