import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { RefreshLambda } from '../../functions/core/lambda/refresh-handler.ts';
import { operationOf, type Response, type Schema } from './openapi.ts';

/** An answer, whatever brought it. */
export interface AnyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Where an answer is not what the contract's document says; nothing where it is. */
export function undocumented(contract: Contract, answer: AnyAnswer): string | undefined {
  const { status, headers, text } = answer;
  const response = operationOf(contract).responses[status];
  if (!response) return `the status ${status} is not in the document`;
  const check = checks.get(response) ?? ajv.compile(schemaOf(response));
  checks.set(response, check);
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  const body = text !== '' && { body: JSON.parse(text) };
  const valid = check({ headers: Object.fromEntries(named), ...body });
  return valid ? undefined : JSON.stringify(check.errors);
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

const checks = new Map<Response, ValidateFunction>();

const ajv = new Ajv2020({
  strict: true,
  allErrors: true,
  keywords: ['x-origin'],
  // Every such member has a pattern beside it.
  formats: { uuid: true },
});

// By the standard, a validator only notes what is encoded in a text.
ajv.removeKeyword('contentSchema').addKeyword({
  keyword: 'contentSchema',
  compile(schema: object) {
    const check = ajv.compile(schema);
    return function ofToken(token: string): boolean {
      const valid = check(contentsOf(token));
      return Object.assign(ofToken, { errors: check.errors }) && valid;
    };
  },
});

/** A JWT's header and payload, in either alphabet of base64. */
function contentsOf(token: string): unknown[] {
  const segments = token.split('.').slice(0, 2);
  return segments.map((segment) => JSON.parse(Buffer.from(segment, 'base64').toString()));
}

/** What API Gateway and Node's HTTP server add. */
const ofConnection =
  '^(content-length|transfer-encoding|connection|keep-alive|date|x-amzn-requestid)$';

/** The schema of an answer, its headers by their names in lower case. */
function schemaOf({ headers, content }: Response): object {
  const named = Object.entries(headers).map(([name, it]) => ({ ...it, name: name.toLowerCase() }));
  const own = named.map(({ name, schema }) => [name, asText(schema)]);
  const required = named.filter((header) => header.required).map(({ name }) => name);
  return {
    type: 'object',
    additionalProperties: false,
    required: content ? ['body'] : [],
    properties: {
      headers: {
        type: 'object',
        additionalProperties: false,
        // API Gateway gives its own empty answers a type all the same.
        required: content ? ['content-type', ...required] : required,
        properties: { 'content-type': json, ...Object.fromEntries(own) },
        patternProperties: { [ofConnection]: {} },
      },
      ...(content && { body: content['application/json']?.schema }),
    },
  };
}

const json = { type: 'string', pattern: '^application/json(; charset=utf-8)?$' };

/** The schema of a header, whose value is a text even where it is a number. */
function asText(schema: Schema): object {
  return schema.type === 'integer' ? { type: 'string', pattern: `^${schema.const}$` } : schema;
}
