import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { contracts } from '../../../functions/contracts.ts';
import type { Contract } from '../../../functions/core/contract/contract.ts';
import { response } from '../../../functions/core/lambda/response.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { gatewayFaults } from '../../../infra/gateway-faults.ts';
import { documentText } from '../../../local/document.ts';
import { folder as scratch } from '../../local/processes.ts';
import { undocumented } from '../../support/documented.ts';
import {
  answersOf,
  answerTo,
  documentOf,
  operationOf,
  reasons,
  type Schema,
} from '../../support/openapi.ts';
import { sampleAnswer as ccstoreAnswer, samplePayload } from '../ccstore/tokens.ts';
import { sample, sampleRequest, wholeRequest } from '../eos/document.ts';
import { sampleAnswer, sampleApiKey, sampleBody, sampleUuid } from '../s360/document.ts';

const root = join(import.meta.dirname, '../../..');
const noStore = { 'Cache-Control': 'no-store' };

describe.for(contracts)('the OpenAPI document of $name', (contract) => {
  const { name, path, policy } = contract;
  const text = documentText(contract);
  const document = documentOf(contract);
  const { responses, description } = operationOf(contract);
  const answers = answersOf(contract);

  test("has the version of the package, POST to exactly the contract's path, and no host", () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document).toMatchObject({ info: { version }, servers: [{ url: '/' }] });
    const operations = Object.entries(document.paths).map(([path, all]) => [
      path,
      Object.keys(all),
    ]);
    expect(operations).toEqual([[path, ['post']]]);
    const hosts = [...text.matchAll(/https?:\/\/([^/\s'"`]+)/g)].map(([, host]) => host);
    // No host but those that the wire itself names.
    expect(hosts.filter((host) => host !== 'www.rfc-editor.org')).toEqual([]);
  });

  test("says the policy's own limits, and by which output a deployed host is found", () => {
    const { idle, lifetime } = policy;
    const rest = typeof idle === 'number' ? `${idle / 60} minutes` : `${idle.token} seconds`;
    const output = `\`${name[0]?.toUpperCase()}${name.slice(1)}Url\``;
    for (const fact of [rest, `${lifetime / 3600} hours`, output])
      expect(document.info.description).toContain(fact);
    expect(document.servers[0]?.description).toContain(output);
  });

  test('says where everything is from, and of every object whether it may have more members', () => {
    const all = nodes(document);
    const marked = all.filter(({ node }) => origins.includes(node['x-origin']));
    expect(marked).toEqual(all.filter(({ path }) => marks.test(path)));
    const objects = all.filter(({ node }) => node.type === 'object');
    expect(objects.filter(({ node }) => !('additionalProperties' in node))).toEqual([]);
  });

  test.for(reasons)('has one example of %s, which is what the refuse table says', (reason) => {
    const found = answers.filter((one) => one['x-outcomes'].includes(reason));
    const refused = contract.refuse(reason, sampleUuid);
    expect(found.map((one) => [one.status, one.text])).toEqual([[refused.status, refused.body]]);
    const ids = { gateway: sampleUuid, client: 'refresh-7' };
    const { statusCode: status, headers = {}, body } = response(refused, ids);
    expect(undocumented(contract, { status, headers, text: body })).toBeUndefined();
  });

  test('has the statuses and codes of the refuse table, and no other, in all its parts', () => {
    const outcomes = answers.map((answer) => answer['x-outcomes']);
    expect(outcomes.flat().toSorted()).toEqual(['refreshed', ...reasons].toSorted());
    expect(outcomes).not.toContainEqual([]);
    const codes = answers.map(({ status, value }) => codeOf(status, value));
    const allowed = Object.entries(responses).flatMap(([status, { content }]) => {
      const { schema = {} } = content?.['application/json'] ?? {};
      const alternatives = schema.oneOf ?? schema.anyOf ?? [schema];
      return alternatives.map((one) => codeOf(Number(status), constant(one)));
    });
    expect(allowed.toSorted()).toEqual(codes.toSorted());
    const advice = outcomes.map((one) => adviceOn(contract, one));
    const row = /^\| (\d+) \| (?:`(.+?)` )?\|[^|]+\| (?:\*\*(.+?)\*\*)?/gm;
    const rows = [...description.matchAll(row)].map(([, status, code = '', bold]) => [
      `${status} ${code}`.trim(),
      bold,
    ]);
    expect(rows).toEqual(codes.map((code, at) => [code, advice[at]]));
  });

  test('has the headers that the answers of a status have, and no other', () => {
    const refused = reasons.map((reason) => contract.refuse(reason, ''));
    const byGateway = gatewayFaults.map(([, fault]) => contract.refuse(fault, '').status);
    for (const [status, { headers }] of Object.entries(responses)) {
      const sent = [{ status: 200, headers: {} }, ...refused]
        .filter((reply) => reply.status === Number(status))
        .map((reply): Record<string, string> => ({ ...noStore, ...reply.headers }));
      const own = [...new Set(sent.flatMap(Object.keys))].map((name) => {
        const values = new Set(sent.map((one) => one[name]));
        return [name, { required: !values.delete(undefined), values: [...values].sort() }];
      });
      const said = Object.entries(headers).map(([name, { required, schema }]) => {
        const values = (schema.enum ?? [schema.const]).map(String).sort();
        return [name, name === 'X-Request-Id' ? { required } : { required, values }];
      });
      // API Gateway itself repeats only an id that the client sent.
      const ids = ['X-Request-Id', { required: !byGateway.includes(Number(status)) }];
      expect(Object.fromEntries(said), status).toEqual(Object.fromEntries([ids, ...own]));
    }
  });
});

const origins: readonly unknown[] = ['documented', 'observed', 'chosen'];

/** What comes from somewhere: the operation, its body, and each entry of these. */
const marks =
  /\/(post|requestBody|(parameters|responses|headers|examples|properties|securitySchemes)\/[^/]+)$/;

/** Every object in a document but what stands for a value on the wire, and where it is. */
function nodes(value: unknown, path = ''): { path: string; node: Record<string, unknown> }[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value)
    .filter(([key]) => key !== 'value' && key !== 'const')
    .flatMap(([key, member]) => nodes(member, `${path}/${key}`));
  return Array.isArray(value) ? inner : [{ path, node: { ...value } }, ...inner];
}

/** A status, and what tells its answers apart; an answer of `eos` to a refresh has no such code. */
function codeOf(status: number, body: unknown): string {
  const { code, errorCode, desc } = (body ?? {}) as Record<string, string & { code: string }>;
  return `${status} ${code ?? errorCode ?? desc?.code ?? ''}`.trim();
}

/** The one value that a schema allows, member by member. */
function constant({ const: value, properties }: Schema): unknown {
  if (!properties) return value;
  const members = Object.entries(properties).map(([name, member]) => [name, constant(member)]);
  return Object.fromEntries(members);
}

/** What a client is to do about the answer that these outcomes share; nothing after a refresh. */
function adviceOn(contract: Contract, outcomes: readonly string[]): string | undefined {
  if (outcomes.includes('refreshed')) return undefined;
  const ending = reasons.slice(0, reasons.indexOf('unknown-client'));
  if (ending.some((one) => outcomes.includes(one))) return 'Session over';
  const shared = reasons.filter((one) => outcomes.includes(one));
  const again = shared.every((one) => contract.refuse(one, '').headers?.['Retry-After']);
  return again ? 'Retry' : 'Do not retry';
}

/** A text without white space: indentation is the document's own. */
function flat(text: string): string {
  return text.replace(/\s+/g, '');
}

describe('what the documents print', () => {
  test.for([
    { contract: eos, what: 'request', text: sampleRequest },
    { contract: eos, what: 'answer', text: sample },
    { contract: eos, what: 'error', text: '{ "message": "Invalid credential", "code": "3-2" }' },
    { contract: s360, what: 'request', text: sampleBody },
    { contract: s360, what: 'body', text: sampleBody.replace('""', '"{{sessionToken}}"') },
    { contract: s360, what: 'key', text: `api_key: ${sampleApiKey}` },
    { contract: s360, what: 'answer', text: sampleAnswer },
    { contract: ccstore, what: 'answer', text: ccstoreAnswer },
    { contract: ccstore, what: 'payload', text: samplePayload },
  ])('stands in the OpenAPI document: the $what of $contract.name', ({ contract, what, text }) => {
    expect(flat(documentText(contract))).toContain(flat(text));
    if (what === 'answer')
      expect(answerTo(contract, 'refreshed').text).toBe(JSON.stringify(JSON.parse(text)));
  });

  test('is the first request of eos, with what its table demands', () => {
    const { content } = operationOf(eos).requestBody;
    const [first] = Object.values(content['application/x-www-form-urlencoded']?.examples ?? {});
    expect(new URLSearchParams({ ...first?.value }).toString()).toBe(wholeRequest);
  });
});

/** Ends the linter where it reaches for a network: its telemetry and its search for updates are off. */
const offline = `data:text/javascript,${encodeURIComponent(
  "import net from 'node:net'; net.Socket.prototype.connect = () => process.exit(99);",
)}`;

test('the linter finds what is wrong in a document, nothing in ours, and asks nothing of a network', () => {
  const faults = {
    'no-invalid-media-type-examples': ['"code": "9-7" }', '"code": 97 }'],
    'no-unresolved-refs': ["schemas/NotFound' }", "schemas/Nowhere' }"],
    struct: ['servers:', 'hosts: []\nservers:'],
    'operation-summary': ['      summary: Refresh a session\n', ''],
    'path-parameters-defined': ['in: query', 'in: path'],
  } as const;
  let text = documentText(eos);
  for (const [from, to] of Object.values(faults)) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  const wrong = join(scratch(), 'openapi.yaml');
  writeFileSync(wrong, text);
  const lint = 'node_modules/@redocly/cli/bin/cli.js lint --config=redocly.yaml --format=json';
  const ours = contracts.map(({ name }) => `functions/${name}/openapi.yaml`);
  const args = ['--import', offline, ...lint.split(' '), ...ours, wrong];
  const env = { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const options = { cwd: root, env, encoding: 'utf8' } as const;
  const { status, stdout } = spawnSync(process.execPath, args, options);
  expect(status).toBe(1);
  // It prints a report for each file.
  const reports: Report[] = JSON.parse(`[${stdout.replaceAll('}{', '},{')}]`);
  const found = reports.map(({ problems }) => problems.map(({ ruleId }) => ruleId));
  expect(found).toEqual([...ours.map(() => []), expect.arrayContaining(Object.keys(faults))]);
});

interface Report {
  readonly problems: readonly { readonly ruleId: string }[];
}
