import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { contracts } from '../../../functions/contracts.ts';
import type { Contract } from '../../../functions/core/contract/contract.ts';
import type { Fault } from '../../../functions/core/contract/fault.ts';
import { response } from '../../../functions/core/lambda/response.ts';
import type { Refusal } from '../../../functions/core/session/session.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { gatewayFaults } from '../../../infra/gateway-faults.ts';
import { folder as scratch } from '../../local/processes.ts';
import { undocumented } from '../../support/documented.ts';
import {
  answersOf,
  answerTo,
  documentOf,
  type Header,
  operationOf,
  pathOfDocument,
  reasons,
  resolved,
  type Schema,
  textOf,
  textOfDocument,
} from '../../support/openapi.ts';
import { sampleAnswer as ccstoreAnswer, samplePayload } from '../ccstore/tokens.ts';
import { sample, sampleRequest, wholeRequest } from '../eos/document.ts';
import { sampleAnswer, sampleApiKey, sampleBody, sampleUuid } from '../s360/document.ts';

const root = join(import.meta.dirname, '../../..');

describe.for(contracts)('the OpenAPI document of $name', (contract) => {
  const document = documentOf(contract);

  test('is of OpenAPI 3.1 and this version of the package, and names no foreign host', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info.version).toBe(version);
    const hosts = [...textOfDocument(contract).matchAll(/https?:\/\/([^/\s'"`]+)/g)];
    // No host but those that the wire itself names.
    expect(hosts.filter(([, host]) => host !== 'www.rfc-editor.org')).toEqual([]);
  });

  test("has one operation: POST to exactly the contract's path, on the host it came from", () => {
    expect(Object.keys(document.paths)).toEqual([contract.path]);
    expect(Object.keys(document.paths[contract.path] ?? {})).toEqual(['post']);
    expect(document.servers.map(({ url }) => url)).toEqual(['/']);
  });

  test("says the policy's own limits, and by which output a deployed host is found", () => {
    const { idle, lifetime } = contract.policy;
    const { description } = document.info;
    const rest = typeof idle === 'number' ? `${idle / 60} minutes` : `${idle.token} seconds`;
    expect(description).toContain(rest);
    expect(description).toContain(`${lifetime / 3600} hours`);
    const output = `${contract.name[0]?.toUpperCase()}${contract.name.slice(1)}Url`;
    expect(description).toContain(`\`${output}\``);
    expect(document.servers[0]?.description).toContain(`\`${output}\``);
  });

  test('says where everything is from, and of every object whether it may have more members', () => {
    expect(unmarked(document)).toEqual([]);
    expect(open(document)).toEqual([]);
  });
});

const origins: readonly unknown[] = ['documented', 'observed', 'chosen'];

/** Whose entries come from somewhere. */
const collections = /^(parameters|responses|headers|examples|properties|securitySchemes)$/;

/** The places of a document that say nothing of where they come from. */
function unmarked(document: unknown): string[] {
  return nodes(document).flatMap(({ path, node }) => {
    const [key = '', parent = ''] = [path.at(-1), path.at(-2)];
    const marks = key === 'post' || key === 'requestBody' || collections.test(parent);
    const elsewhere = parent === 'headers' && '$ref' in node;
    return marks && !elsewhere && !origins.includes(node['x-origin']) ? [path.join('/')] : [];
  });
}

/** The places of a document where an object's further members are neither allowed nor forbidden. */
function open(document: unknown): string[] {
  return nodes(document)
    .filter(({ node }) => node.type === 'object' && !('additionalProperties' in node))
    .map(({ path }) => path.join('/'));
}

type Place = readonly string[];

/** Every object in a document but what stands for a value on the wire, and where it is. */
function nodes(value: unknown, path: Place = []): { path: Place; node: Record<string, unknown> }[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value)
    .filter(([key]) => key !== 'value' && key !== 'const')
    .flatMap(([key, member]) => nodes(member, [...path, key]));
  return Array.isArray(value) ? inner : [{ path, node: { ...value } }, ...inner];
}

test('a place without its origin is found, and an object that may have anything', () => {
  const bare = { a: { type: 'object' } };
  const marked = { 'x-origin': 'chosen', type: 'object', additionalProperties: true };
  const document = {
    paths: { '/a': { post: { parameters: [{ name: 'a' }], requestBody: {} } } },
    responses: { 200: { headers: { A: { schema: {} }, B: { $ref: '#/b' } } } },
    examples: { a: { value: { properties: bare } } },
    properties: { a: { $ref: '#/b' }, b: { 'x-origin': 'guessed' }, c: marked },
    securitySchemes: bare,
  };
  expect(unmarked(document).join(' ')).toBe(
    'paths//a/post paths//a/post/parameters/0 paths//a/post/requestBody responses/200 ' +
      'responses/200/headers/A examples/a properties/a properties/b securitySchemes/a',
  );
  expect(open(document)).toEqual(['securitySchemes/a']);
});

/** A status, and what tells its answers apart; an answer of `eos` to a refresh has no such code. */
function told(status: number, body: unknown): string {
  const { code, errorCode, desc } = (body ?? {}) as Record<string, string & { code: string }>;
  return `${status} ${code ?? errorCode ?? desc?.code ?? ''}`.trim();
}

/** What the refuse table says, and the answer to a refresh. */
function inTable(contract: Contract): readonly string[] {
  const { value } = answerTo(contract, 'refreshed');
  const refused = reasons.map((reason) => {
    const { status, body } = contract.refuse(reason, '');
    return told(status, body && JSON.parse(body));
  });
  return [...new Set([told(200, value), ...refused])].sort();
}

/** The one value that a schema allows, member by member. */
function constant(contract: Contract, schema: Schema): unknown {
  const { const: value, properties } = resolved<Schema>(documentOf(contract), schema);
  if (!properties) return value;
  const members = Object.entries(properties);
  return Object.fromEntries(members.map(([name, member]) => [name, constant(contract, member)]));
}

describe.for(contracts)('the OpenAPI document of $name', (contract) => {
  const { responses, description } = operationOf(contract);

  test('has the statuses and codes of the refuse table, and no other, in its examples', () => {
    const found = answersOf(contract).map(({ status, value }) => told(status, value));
    expect(found.toSorted()).toEqual(inTable(contract));
    expect(rows(description).map(({ answer }) => answer)).toEqual(found);
  });

  test.for(reasons)('has one example of %s, which is what the refuse table says', (reason) => {
    const found = answersOf(contract).filter((one) => one['x-outcomes'].includes(reason));
    expect(found).toHaveLength(1);
    const [{ status, value } = answerTo(contract, reason)] = found;
    const { esbUUID = sampleUuid } = (value ?? {}) as { esbUUID?: string };
    const refused = contract.refuse(reason, esbUUID);
    expect([status, textOf({ value })]).toEqual([refused.status, refused.body]);
    const ids = { gateway: esbUUID, client: 'refresh-7' };
    const { statusCode, headers = {}, body } = response(refused, ids);
    expect(undocumented(contract, { status: statusCode, headers, text: body })).toBeUndefined();
  });

  test('has them, and no other, in its schemas', () => {
    const found = Object.entries(responses).flatMap(([status, { content }]) =>
      Object.values(content ?? { none: { schema: {} } }).flatMap(({ schema }) => {
        const { oneOf, anyOf } = schema as Schema;
        const alternatives = oneOf ?? anyOf ?? [schema];
        return alternatives.map((one) => told(Number(status), constant(contract, one)));
      }),
    );
    expect(found.toSorted()).toEqual(inTable(contract));
  });

  test('tells people to retry what says when, and that a session is over where it is', () => {
    for (const { answer, advice } of rows(description)) {
      const outcomes = reasons.filter((reason) => {
        const { status, body } = contract.refuse(reason, '');
        return told(status, body && JSON.parse(body)) === answer;
      });
      if (outcomes.length === 0)
        expect(answer).toBe(told(200, answerTo(contract, 'refreshed').value));
      else expect(advice).toMatch(new RegExp(`^\\*\\*${adviceOn(contract, outcomes)}\\*\\*`));
    }
  });

  test('has the headers that the answers of a status have, and no other', () => {
    for (const [status, { headers }] of Object.entries(responses)) {
      const sent = reasons
        .map((reason) => contract.refuse(reason, ''))
        .filter((refused) => refused.status === Number(status))
        .map((refused) => new Map(Object.entries(refused.headers ?? {})));
      const own = new Set(sent.flatMap((one) => [...one.keys()]));
      const names = ['Cache-Control', 'X-Request-Id', ...own];
      expect(Object.keys(headers).sort()).toEqual(names.sort());
      for (const name of own) {
        const { required, schema } = headerOf(contract, status, name);
        const values = new Set(sent.map((one) => one.get(name)));
        expect([name, required]).toEqual([name, !values.has(undefined)]);
        values.delete(undefined);
        const allowed = schema.enum ?? [schema.const];
        expect(allowed.map(String).sort()).toEqual([...values].sort());
      }
    }
  });

  test('promises X-Request-Id where API Gateway itself never answers', () => {
    const byGateway = new Set(gatewayFaults.map(([, fault]) => contract.refuse(fault, '').status));
    for (const status of Object.keys(responses)) {
      const { required } = headerOf(contract, status, 'X-Request-Id');
      expect([status, required]).toEqual([status, !byGateway.has(Number(status))]);
    }
  });
});

/** What a client is to do about the answer that these outcomes share. */
function adviceOn(contract: Contract, outcomes: readonly (Refusal | Fault)[]): string {
  const ending = reasons.slice(0, reasons.indexOf('unknown-client'));
  if (outcomes.some((one) => ending.includes(one))) return 'Session over';
  const again = outcomes.every((one) => contract.refuse(one, '').headers?.['Retry-After']);
  return again ? 'Retry' : 'Do not retry';
}

/** The rows of the Markdown table in a description, its two lines of heading left out. */
function rows(description: string): readonly { answer: string; advice: string }[] {
  const lines = description.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => {
    const [, status = '', code = '', , advice = ''] = line.split('|').map((cell) => cell.trim());
    return { answer: `${status} ${code.replaceAll('`', '')}`.trim(), advice };
  });
}

function headerOf(contract: Contract, status: string, name: string): Header {
  const header = operationOf(contract).responses[status]?.headers[name];
  if (!header) throw new Error(`no ${name} at ${status}`);
  return resolved<Header>(documentOf(contract), header);
}

/** A text without white space that stands between its words: indentation is the document's own. */
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
  ])('stands in the OpenAPI document: the $what of $contract.name', ({ contract, text }) => {
    expect(flat(textOfDocument(contract))).toContain(flat(text));
  });

  test.for([
    { contract: eos, text: sample },
    { contract: s360, text: sampleAnswer },
    { contract: ccstore, text: ccstoreAnswer },
  ])('is the example of a refresh of $contract.name, its keys in order', ({ contract, text }) => {
    const examples = answersOf(contract).filter(({ status }) => status === 200);
    const texts = examples.map(({ value }) => JSON.stringify(value));
    expect(texts).toEqual([JSON.stringify(JSON.parse(text))]);
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
  let text = textOfDocument(eos);
  for (const [from, to] of Object.values(faults)) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  const wrong = join(scratch(), 'openapi.yaml');
  writeFileSync(wrong, text);
  const cli = ['node_modules/@redocly/cli/bin/cli.js', 'lint', '--config=redocly.yaml'];
  const args = [...cli, '--format=json', ...contracts.map(pathOfDocument), wrong];
  const env = { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const options = { cwd: root, env, encoding: 'utf8' } as const;
  const { status, stdout } = spawnSync(process.execPath, ['--import', offline, ...args], options);
  expect(status).toBe(1);
  // It prints a report for each file.
  const reports: Report[] = JSON.parse(`[${stdout.replaceAll('}{', '},{')}]`);
  const found = reports.map(({ problems }) => problems.map(({ ruleId }) => ruleId));
  const all = expect.arrayContaining(Object.keys(faults));
  expect(found).toEqual([...contracts.map(() => []), all]);
});

interface Report {
  readonly problems: readonly { readonly ruleId: string }[];
}
