import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { contracts } from '../../../functions/contracts.ts';
import type { Contract } from '../../../functions/core/contract/contract.ts';
import type { Fault } from '../../../functions/core/contract/fault.ts';
import type { Refusal } from '../../../functions/core/session/session.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { gatewayFaults } from '../../../infra/gateway-faults.ts';
import {
  answersOf,
  answerTo,
  documentOf,
  type Header,
  operationOf,
  pathOfDocument,
  resolved,
  type Schema,
  textOf,
  textOfDocument,
} from '../../support/openapi.ts';
import { isFault, reasons } from '../../support/reasons.ts';
import * as ccstoreDocument from '../ccstore/tokens.ts';
import { sample, sampleRequest, wholeRequest } from '../eos/document.ts';
import * as s360Document from '../s360/document.ts';

const root = join(import.meta.dirname, '../../..');
const each = contracts.map((contract) => ({ name: contract.name, contract }));

describe('every contract', () => {
  test('has its OpenAPI document beside it', () => {
    const files = readdirSync(join(root, 'functions'), { recursive: true, encoding: 'utf8' });
    const written = files
      .filter((file) => /^[^/\\]+[/\\]contract\.ts$/.test(file))
      .map((file) => ({ name: file.split(/[/\\]/)[0] ?? '' }));
    const missing = written
      .map(pathOfDocument)
      .filter((path) => !files.includes(path.slice('functions/'.length)));
    expect(written).not.toEqual([]);
    expect(missing, 'these documents are missing').toEqual([]);
  });

  test('would be told which document it lacks', () => {
    expect(() => textOfDocument({ name: 'nobody' })).toThrow(
      'functions/nobody/openapi.yaml is missing',
    );
  });
});

describe.for(each)('the OpenAPI document of $name', ({ contract }) => {
  const document = documentOf(contract);

  test('is of OpenAPI 3.1, and of this version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info.version).toBe(version);
  });

  test("has one operation: POST to exactly the contract's path, on the host it came from", () => {
    expect(Object.keys(document.paths)).toEqual([contract.path]);
    const methods = Object.values(document.paths).flatMap((item) => Object.keys(item));
    expect(methods).toEqual(['post']);
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

  test('names no host but those that the wire itself names', () => {
    const hosts = [...textOfDocument(contract).matchAll(/https?:\/\/([^/\s'"`]+)/g)];
    const foreign = hosts.map(([, host]) => host).filter((host) => host !== 'www.rfc-editor.org');
    expect(foreign).toEqual([]);
  });

  test('says of everything whether it is documented, observed or chosen', () => {
    expect(unmarked(document)).toEqual([]);
  });

  test('says of every object whether it may have more members', () => {
    expect(open(document)).toEqual([]);
  });
});

const origins: readonly unknown[] = ['documented', 'observed', 'chosen'];

/** Whose entries come from somewhere. */
const collections = new Set([
  'parameters',
  'responses',
  'headers',
  'examples',
  'properties',
  'securitySchemes',
]);

/** The places of a document that say nothing of where they come from. */
function unmarked(document: unknown): string[] {
  return nodes(document).flatMap(({ path, node }) => {
    const [key = '', parent = ''] = [path.at(-1), path.at(-2)];
    const marks = key === 'post' || key === 'requestBody' || collections.has(parent);
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

interface Place {
  readonly path: readonly string[];
  readonly node: Readonly<Record<string, unknown>>;
}

/** Every object in a document but what stands for a value on the wire. */
function nodes(value: unknown, path: readonly string[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value)
    .filter(([key]) => key !== 'value' && key !== 'const')
    .flatMap(([key, member]) => nodes(member, [...path, key]));
  return Array.isArray(value) ? inner : [{ path, node: { ...value } }, ...inner];
}

describe('what the tests of a document look for', () => {
  test.for([
    { what: 'an operation', document: { paths: { '/a': { post: {} } } }, at: 'paths//a/post' },
    { what: 'a parameter', document: { parameters: [{ name: 'a' }] }, at: 'parameters/0' },
    { what: 'a body', document: { requestBody: {} }, at: 'requestBody' },
    { what: 'a response', document: { responses: { 200: {} } }, at: 'responses/200' },
    { what: 'a header', document: { headers: { A: { schema: {} } } }, at: 'headers/A' },
    { what: 'an example', document: { examples: { a: { value: {} } } }, at: 'examples/a' },
    { what: 'a property', document: { properties: { a: { $ref: '#/b' } } }, at: 'properties/a' },
    { what: 'a scheme', document: { securitySchemes: { a: {} } }, at: 'securitySchemes/a' },
    {
      what: 'an origin that is none',
      document: { properties: { a: { 'x-origin': 'guessed' } } },
      at: 'properties/a',
    },
  ])('is $what without its origin', ({ document, at }) => {
    expect(unmarked(document)).toEqual([at]);
  });

  test('is an object that may have anything without saying so', () => {
    expect(
      open({ a: { type: 'object' }, b: { type: 'object', additionalProperties: true } }),
    ).toEqual(['a']);
  });
});

const every = each.flatMap((one) => reasons.map((reason) => ({ ...one, reason })));

/** A status, and what tells its answers apart; an answer of `eos` to a refresh has no such code. */
function told(status: number, body: unknown): string {
  const { code, errorCode, desc } = (body ?? {}) as Record<string, string & { code: string }>;
  return `${status} ${code ?? errorCode ?? desc?.code ?? ''}`.trim();
}

/** What the refuse table says, and the answer to a refresh. */
function inTable(contract: Contract): Set<string> {
  const { value } = answerTo(contract, 'refreshed');
  const refused = reasons.map((reason) => {
    const { status, body } = contract.refuse(reason, '');
    return told(status, body && JSON.parse(body));
  });
  return new Set([told(200, value), ...refused]);
}

/** The one value that a schema allows, member by member. */
function constant(contract: Contract, schema: Schema): unknown {
  const { const: value, properties } = resolved<Schema>(documentOf(contract), schema);
  if (!properties) return value;
  const members = Object.entries(properties);
  return Object.fromEntries(members.map(([name, member]) => [name, constant(contract, member)]));
}

describe.for(each)('the OpenAPI document of $name', ({ contract }) => {
  const { responses, description } = operationOf(contract);

  test('has the statuses and codes of the refuse table, and no other, in its examples', () => {
    const found = answersOf(contract).map(({ status, value }) => told(status, value));
    expect(found.toSorted()).toEqual([...inTable(contract)].sort());
  });

  test('has them, and no other, in its schemas', () => {
    const found = Object.entries(responses).flatMap(([status, { content }]) =>
      Object.values(content ?? { none: { schema: {} } }).flatMap(({ schema }) => {
        const { oneOf, anyOf } = schema as Schema;
        const alternatives = oneOf ?? anyOf ?? [schema];
        return alternatives.map((one) => told(Number(status), constant(contract, one)));
      }),
    );
    expect(found.toSorted()).toEqual([...inTable(contract)].sort());
  });

  test('has them, and no other, in the table for people', () => {
    expect(rows(description).map(({ answer }) => answer)).toEqual(
      answersOf(contract).map(({ status, value }) => told(status, value)),
    );
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

describe.for(every)('the OpenAPI document of $name, where $reason', ({ contract, reason }) => {
  test('has one example, which is what the refuse table says', () => {
    const found = answersOf(contract).filter((one) => one['x-outcomes'].includes(reason));
    expect(found).toHaveLength(1);
    const [{ status, value } = answerTo(contract, reason)] = found;
    const { esbUUID = '' } = (value ?? {}) as { esbUUID?: string };
    const refused = contract.refuse(reason, esbUUID);
    expect([status, textOf({ value })]).toEqual([refused.status, refused.body]);
  });
});

/** What a client is to do about the answer that these outcomes share. */
function adviceOn(contract: Contract, outcomes: readonly (Refusal | Fault)[]): string {
  const over = outcomes.some((one) => !isFault(one) || one === 'malformed-request');
  if (over) return 'Session over';
  const again = outcomes.every((one) => contract.refuse(one, '').headers?.['Retry-After']);
  return again ? 'Retry' : 'Do not retry';
}

interface Row {
  readonly answer: string;
  readonly advice: string;
}

/** The rows of the Markdown table in a description, its two lines of heading left out. */
function rows(description: string): readonly Row[] {
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

const samples = [
  { what: 'the request of eos', contract: eos, text: sampleRequest },
  { what: 'the answer of eos', contract: eos, text: sample },
  {
    what: 'the error of eos',
    contract: eos,
    text: '{ "message": "Invalid credential", "code": "3-2" }',
  },
  { what: 'the request of s360', contract: s360, text: s360Document.sampleBody },
  {
    what: 'the example body of s360',
    contract: s360,
    text: '{\n    "sessionToken": "{{sessionToken}}",\n    "sessionId": "{{sessionId}}"\n}',
  },
  { what: 'the key of s360', contract: s360, text: `api_key: ${s360Document.sampleApiKey}` },
  { what: 'the answer of s360', contract: s360, text: s360Document.sampleAnswer },
  { what: 'the answer of ccstore', contract: ccstore, text: ccstoreDocument.sampleAnswer },
  { what: 'the payload of ccstore', contract: ccstore, text: ccstoreDocument.samplePayload },
];

describe.for(samples)('$what, as its document prints it', ({ contract, text }) => {
  test('stands in the OpenAPI document', () => {
    expect(flat(textOfDocument(contract))).toContain(flat(text));
  });
});

const answers = [
  { name: 'eos', contract: eos, text: sample },
  { name: 's360', contract: s360, text: s360Document.sampleAnswer },
  { name: 'ccstore', contract: ccstore, text: ccstoreDocument.sampleAnswer },
];

describe.for(answers)('the documented answer of $name', ({ contract, text }) => {
  test('is the example of a refresh, its keys in order', () => {
    const examples = answersOf(contract).filter(({ status }) => status === 200);
    const texts = examples.map(({ value }) => JSON.stringify(value));
    expect(texts).toEqual([JSON.stringify(JSON.parse(text))]);
  });
});

test('the documented request of eos, with what its table demands, is its first example', () => {
  const { content } = operationOf(eos).requestBody;
  const [first] = Object.values(content['application/x-www-form-urlencoded']?.examples ?? {});
  expect(new URLSearchParams({ ...first?.value }).toString()).toBe(wholeRequest);
});

test.for([
  { code: 'ESB-IDP-E0003', en: 'Session ID and/or sessionToken is invalid' },
  { code: 'ESB-IDP-E0004', en: 'User logged out' },
])('the documented error $code of s360 stands under 401', ({ code, en }) => {
  const texts = answersOf(s360).filter(({ status }) => status === 401);
  expect(texts.map(({ value }) => value)).toContainEqual({
    status: 401,
    esbUUID: s360Document.sampleUuid,
    desc: { code, en, ar: expect.any(String) },
  });
});

const run = promisify(execFile);

/** Ends the linter where it reaches for a network: its telemetry and its search for updates are off. */
const offline = `data:text/javascript,${encodeURIComponent(
  "import net from 'node:net'; net.Socket.prototype.connect = () => process.exit(99);",
)}`;

interface Linted {
  readonly code: number;
  readonly said: string;
}

/** Lints files by the project's rules. */
async function lint(files: readonly string[]): Promise<Linted> {
  const cli = join(root, 'node_modules/@redocly/cli/bin/cli.js');
  const config = join(root, 'redocly.yaml');
  const args = ['--import', offline, cli, 'lint', '--config', config, ...files];
  // Telemetry is off by redocly.yaml.
  const env = { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  try {
    const { stdout, stderr } = await run(process.execPath, args, { cwd: root, env });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: stdout + stderr };
  }
}

describe('the linter of OpenAPI documents', () => {
  test('finds nothing in the documents, and asks nothing of a network', async () => {
    const { code, said } = await lint(contracts.map(pathOfDocument));
    expect([code, said]).toEqual([0, expect.stringContaining('valid')]);
    for (const contract of contracts) expect(said).toContain(pathOfDocument(contract));
  });

  test.for([
    {
      what: 'an example that does not fit its schema',
      rule: 'no-invalid-media-type-examples',
      from: '{ "message": "Forbidden", "code": "9-7" }',
      to: '{ "message": "Forbidden", "code": 97 }',
    },
    {
      what: 'a reference that leads nowhere',
      rule: 'no-unresolved-refs',
      from: "schema: { $ref: '#/components/schemas/NotFound' }",
      to: "schema: { $ref: '#/components/schemas/Nowhere' }",
    },
    {
      what: 'a member that OpenAPI does not know',
      rule: 'struct',
      from: 'servers:',
      to: 'hosts: []\nservers:',
    },
    {
      what: 'an operation without a summary',
      rule: 'operation-summary',
      from: '      summary: Refresh a session\n',
      to: '',
    },
    {
      what: 'a path parameter that is not in the path',
      rule: 'path-parameters-defined',
      from: 'in: query',
      to: 'in: path',
    },
  ])('finds $what', async ({ rule, from, to }) => {
    const text = textOfDocument(eos);
    expect(text).toContain(from);
    const folder = mkdtempSync(join(tmpdir(), 'openapi-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'openapi.yaml');
    writeFileSync(file, text.replace(from, to));
    const { code, said } = await lint([file]);
    expect([code, said]).toEqual([1, expect.stringContaining(rule)]);
  });
});
