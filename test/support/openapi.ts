import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { errors } from '../../functions/ccstore/errors.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import type { Refusal } from '../../functions/core/session/session.ts';

const root = join(import.meta.dirname, '../..');

type Named<Thing> = Readonly<Record<string, Thing>>;

/** What the tests read of an OpenAPI document; anything may be in the place of a reference. */
export interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly security: readonly Named<readonly string[]>[];
  readonly paths: Named<{ readonly post: Operation }>;
  readonly components: { readonly securitySchemes?: Named<Named<string>> };
}

interface Operation {
  readonly description: string;
  readonly parameters: readonly Readonly<Record<'name' | 'in' | 'example', string>>[];
  readonly requestBody: { readonly required: boolean; readonly content: Content };
  readonly responses: Named<Response>;
}

export interface Response {
  readonly headers: Named<Header | Reference>;
  /** Absent where the body is empty; then the outcomes stand in the response itself. */
  readonly content?: Content;
  readonly 'x-outcomes'?: Example['x-outcomes'];
}

export interface Header {
  readonly required: boolean;
  readonly schema: Schema;
}

/** What is sent or answered, by media type. */
type Content = Named<{ readonly schema: Schema | Reference; readonly examples: Named<Example> }>;

export interface Example {
  /** The words by which the log calls what it comes to. */
  readonly 'x-outcomes': readonly ('refreshed' | Refusal | Fault)[];
  readonly value: object;
}

/** A JSON Schema, as far as the tests look into one. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Named<Schema>;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly contentSchema?: Schema;
}

export interface Reference {
  readonly $ref: string;
}

/** Where a contract's document is, from the top of the project. */
export function pathOfDocument({ name }: Pick<Contract, 'name'>): string {
  return `functions/${name}/openapi.yaml`;
}

/**
 * The text of a contract's document.
 * @throws Error that names the file where there is none
 */
export function textOfDocument(contract: Pick<Contract, 'name'>): string {
  const path = pathOfDocument(contract);
  if (existsSync(join(root, path))) return readFileSync(join(root, path), 'utf8');
  throw new Error(`${path} is missing: every contract says in one what it answers`);
}

const documents = new Map<string, Document>();

/** A contract's document. */
export function documentOf(contract: Pick<Contract, 'name'>): Document {
  const known = documents.get(contract.name) ?? parse(textOfDocument(contract));
  documents.set(contract.name, known);
  return known;
}

/** What a contract's document says of its one operation. */
export function operationOf(contract: Contract): Operation {
  const operation = documentOf(contract).paths[contract.path]?.post;
  if (!operation) throw new Error(`${pathOfDocument(contract)} lacks POST ${contract.path}`);
  return operation;
}

/** A node of a document, or the one in the same document that it refers to. */
export function resolved<Node extends object>(document: Document, node: Node | Reference): Node {
  if (!('$ref' in node) || typeof node.$ref !== 'string') return node as Node;
  let found: unknown = document;
  for (const name of node.$ref.split('/').slice(1)) found = (found as Named<unknown>)?.[name];
  if (found === undefined) throw new Error(`${node.$ref} leads nowhere`);
  return found as Node;
}

/** An example of an answer, and the status that it stands under. An empty body has no value. */
export interface Answered extends Omit<Example, 'value'> {
  readonly name: string;
  readonly status: number;
  readonly value?: object;
}

/** The body of an answer as it goes over the wire. */
export function textOf({ value }: { readonly value?: object | undefined }): string {
  return value === undefined ? '' : JSON.stringify(value);
}

/** Every example of an answer, and every answer that is empty. */
export function answersOf(contract: Contract): readonly Answered[] {
  const responses = Object.entries(operationOf(contract).responses);
  return responses.flatMap(([code, { content, 'x-outcomes': outcomes = [] }]): Answered[] => {
    const status = Number(code);
    if (!content) return [{ name: 'empty', status, 'x-outcomes': outcomes }];
    const examples = Object.values(content).flatMap((each) => Object.entries(each.examples));
    return examples.map(([name, example]) => ({ ...example, name, status }));
  });
}

/** The example of the answer that an outcome gets. */
export function answerTo(contract: Contract, outcome: Example['x-outcomes'][number]): Answered {
  const found = answersOf(contract).find((answer) => answer['x-outcomes'].includes(outcome));
  if (!found) throw new Error(`${pathOfDocument(contract)} has no example of ${outcome}`);
  return found;
}

/**
 * Every reason that a contract and its document have an answer for: first those for which a client's
 * session is over, then the others, from `unknown-client` on.
 */
export const reasons = Object.keys(errors) as (keyof typeof errors)[];
