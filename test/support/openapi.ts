import { parse } from 'yaml';
import { errors } from '../../functions/ccstore/errors.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { documentText } from '../../local/document.ts';

type Named<Thing> = Readonly<Record<string, Thing>>;

/** What the tests read of an OpenAPI document. */
interface Document {
  readonly openapi: string;
  readonly info: Named<string>;
  readonly servers: readonly Named<string>[];
  readonly security: readonly Named<readonly string[]>[];
  readonly paths: Named<{ readonly post: Operation }>;
  readonly components: { readonly securitySchemes?: Named<Named<string>> };
}

interface Operation {
  readonly description: string;
  readonly parameters: readonly Named<string>[];
  readonly requestBody: { readonly required: boolean; readonly content: Content };
  readonly responses: Named<Response>;
}

export interface Response {
  readonly headers: Named<{ readonly required: boolean; readonly schema: Schema }>;
  /** Absent where the body is empty; then the outcomes stand in the response itself. */
  readonly content?: Content;
  readonly 'x-outcomes'?: Example['x-outcomes'];
}

/** What is sent or answered, by media type. */
type Content = Named<{ readonly schema: Schema; readonly examples: Named<Example> }>;

export interface Example {
  /** The words by which the log calls what it comes to. */
  readonly 'x-outcomes': readonly string[];
  readonly value: object;
}

/** A JSON Schema, as far as the tests look into one. */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Named<Schema>;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

const documents = new Map<string, Document>();

/** A contract's document, with each `$ref` replaced by what it names. */
export function documentOf(contract: Pick<Contract, 'name'>): Document {
  const known = documents.get(contract.name) ?? resolved(parse(documentText(contract)));
  documents.set(contract.name, known);
  return known;
}

function resolved(document: object, part = document): Document {
  return JSON.parse(JSON.stringify(part), (_, node) => {
    if (node?.$ref === undefined) return node;
    const { $ref, ...own } = node;
    const [, ...names]: string[] = $ref.split('/');
    const found = names.reduce((outer, name) => Reflect.get(outer, name), document);
    return { ...resolved(document, found), ...own };
  });
}

/** What a contract's document says of its one operation. */
export function operationOf(contract: Contract): Operation {
  const operation = documentOf(contract).paths[contract.path]?.post;
  if (!operation) throw new Error(`the document of ${contract.name} lacks POST ${contract.path}`);
  return operation;
}

/** An example of an answer, and the status that it stands under. An empty body has no value. */
interface Answered extends Omit<Example, 'value'> {
  readonly status: number;
  readonly value?: object;
  /** The body as it goes over the wire. */
  readonly text: string;
}

/** Every example of an answer, and every answer that is empty. */
export function answersOf(contract: Contract): readonly Answered[] {
  const responses = Object.entries(operationOf(contract).responses);
  return responses.flatMap(([code, { content, 'x-outcomes': outcomes = [] }]): Answered[] => {
    const status = Number(code);
    if (!content) return [{ status, 'x-outcomes': outcomes, text: '' }];
    const examples = Object.values(content).flatMap((each) => Object.values(each.examples));
    return examples.map((example) => ({ ...example, status, text: JSON.stringify(example.value) }));
  });
}

/** The example of the answer that an outcome gets. */
export function answerTo(contract: Contract, outcome: string): Answered {
  const found = answersOf(contract).find((answer) => answer['x-outcomes'].includes(outcome));
  if (!found) throw new Error(`the document of ${contract.name} has no example of ${outcome}`);
  return found;
}

/**
 * Every reason that a contract and its document have an answer for: first those for which a client's
 * session is over, then the others, from `unknown-client` on.
 */
export const reasons = Object.keys(errors) as (keyof typeof errors)[];
