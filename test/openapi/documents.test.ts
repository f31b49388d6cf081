import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { documentOf, pathOfDocument, textOfDocument } from '../support/openapi.ts';

const root = join(import.meta.dirname, '../..');
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
