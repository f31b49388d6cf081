import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { RefreshLambda } from '../../functions/core/lambda/refresh-handler.ts';
import * as openapi from './openapi.ts';

/** An answer, whatever brought it. */
export interface AnyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/**
 * Where an answer is not what the contract's document says; nothing where it is. Headers of the
 * connection that brought it are let be.
 */
export function undocumented(contract: Contract, answer: AnyAnswer): string | undefined {
  const response = openapi.operationOf(contract).responses[answer.status];
  if (!response) return `the status ${answer.status} is not in the document`;
  const lower = { ...answer, headers: lowerCased(answer.headers) };
  const wrong = wrongType(response, lower) ?? wrongHeader(contract, response, lower);
  return wrong ?? wrongBody(contract, response, answer);
}

/** A contract's Lambda that throws where it answers what its document does not say. */
export function documented(contract: Contract, handler: RefreshLambda): RefreshLambda {
  return async (event, context) => {
    const result = await handler(event, context);
    const { statusCode: status, headers = {}, body: text } = result;
    const wrong = undocumented(contract, { status, headers, text });
    if (wrong) throw new Error(`${contract.name} answers ${status} ${text}: ${wrong}`);
    return result;
  };
}

function lowerCased<Value>(named: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(named).map(([name, it]) => [name.toLowerCase(), it]));
}

function wrongType({ content }: openapi.Response, { headers, text }: AnyAnswer) {
  // API Gateway gives its own empty answers a type all the same.
  if (!content) return text === '' ? undefined : 'the body is not empty';
  const type = String(headers['content-type']);
  const [essence = '', ...parameters] = type.split('; ');
  const known = essence in content && ['', 'charset=utf-8'].includes(parameters.join('; '));
  return known ? undefined : `the content type ${type} is not in the document`;
}

/** What API Gateway and Node's HTTP server add, and the type, which stands elsewhere in a document. */
const ofConnection =
  /^(content-type|content-length|transfer-encoding|connection|keep-alive|date|x-amzn-requestid)$/;

function wrongHeader(contract: Contract, response: openapi.Response, { headers }: AnyAnswer) {
  const said = lowerCased(response.headers);
  const extra = Object.keys(headers).find((name) => !(name in said) && !ofConnection.test(name));
  if (extra) return `the header ${extra} is not in the document`;
  for (const [name, header] of Object.entries(said)) {
    const document = openapi.documentOf(contract);
    const { required, schema } = openapi.resolved<openapi.Header>(document, header);
    const value = headers[name];
    if (value === undefined && required) return `the header ${name} is missing`;
    const typed = schema.type === 'integer' ? Number(value) : value;
    if (value !== undefined && !ajv.validate(schema, typed))
      return `the header ${name} is ${value}: ${ajv.errorsText()}`;
  }
  return undefined;
}

function wrongBody(
  contract: Contract,
  { content }: openapi.Response,
  { status, text }: AnyAnswer,
): string | undefined {
  if (text === '') return undefined;
  const path = `#/paths/${escaped(contract.path)}/post/responses/${status}/content/application~1json/schema`;
  const schema = content?.['application/json']?.schema;
  const body: unknown = JSON.parse(text);
  const problem = invalid(contract, path, body);
  if (problem || !schema) return problem;
  for (const { $ref, value } of tokensIn(openapi.documentOf(contract), schema, body)) {
    const within = invalid(contract, $ref, contentsOf(value));
    if (within) return `its token: ${within}`;
  }
  return undefined;
}

const ajv = new Ajv2020({
  strict: true,
  strictTypes: true,
  strictTuples: true,
  allErrors: true,
  // What a document consists of is no keyword of JSON Schema; the schemas are within it.
  keywords: ['openapi', 'info', 'servers', 'security', 'paths', 'components', 'x-origin'],
  // Every such member has a pattern beside it.
  formats: { uuid: true },
});

const added = new Set<string>();

/** Why a value does not fit the schema that is there in the contract's document. */
function invalid({ name }: Contract, place: string, value: unknown): string | undefined {
  if (!added.has(name)) ajv.addSchema(openapi.documentOf({ name }), name);
  added.add(name);
  const check = ajv.getSchema(name + place);
  if (!check) throw new Error(`${place} is no schema of ${name}`);
  return check(value) ? undefined : ajv.errorsText(check.errors);
}

/** As a JSON pointer writes a name. */
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The members of a value whose schema says what is encoded in them, and where it says so. */
function tokensIn(
  document: openapi.Document,
  schema: openapi.Schema | openapi.Reference,
  value: unknown,
): { $ref: string; value: string }[] {
  const { contentSchema, properties = {} } = openapi.resolved<openapi.Schema>(document, schema);
  if (contentSchema?.$ref && typeof value === 'string')
    return [{ $ref: contentSchema.$ref, value }];
  return Object.entries(properties).flatMap(([name, member]) =>
    tokensIn(document, member, (value as Record<string, unknown> | undefined)?.[name]),
  );
}

/** A JWT's header and payload, in either alphabet of base64. */
function contentsOf(token: string): unknown[] {
  const segments = token.split('.').slice(0, 2);
  return segments.map((segment) => JSON.parse(Buffer.from(segment, 'base64').toString()));
}
