import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Contract } from '../functions/core/contract/contract.ts';

/** As much of an OpenAPI 3.1 document as the local server reads. Redocly's linter holds the documents to it. */
export interface OpenApi {
  readonly info: {
    readonly title: string;
    readonly summary?: string;
    readonly description?: string;
  };
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly paths: Readonly<Record<string, { readonly post: Operation }>>;
  readonly components?: {
    readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>;
    readonly schemas?: Readonly<Record<string, Schema>>;
    readonly headers?: Readonly<Record<string, Field>>;
  };
}

export interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly (Field & { readonly name: string; readonly in: string })[];
  readonly requestBody?: Described & { readonly content?: Content };
  readonly responses: Readonly<Record<string, Answer>>;
}

export interface Answer extends Described {
  readonly headers?: Readonly<Record<string, Field>>;
  readonly content?: Content;
}

/** Media types. */
export type Content = Readonly<Record<string, Media>>;

interface Media {
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, Example>>;
}

export interface Example extends Described {
  readonly summary?: string;
  readonly value?: unknown;
  readonly 'x-outcomes'?: readonly string[];
}

/** What documents say of anything: what it is, and whether that is documented, observed or chosen. */
export interface Described {
  readonly description?: string;
  readonly 'x-origin'?: string;
}

/** A header or a parameter. */
export interface Field extends Described {
  readonly $ref?: string;
  readonly required?: boolean;
  readonly schema?: Schema;
  readonly example?: unknown;
}

export interface Schema extends Described {
  readonly $ref?: string;
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

interface SecurityScheme extends Described {
  readonly type: string;
  readonly in?: string;
  readonly name?: string;
  readonly scheme?: string;
}

/** The text of a contract's OpenAPI document, read anew at every call: an edit shows at the next reload. */
export function documentText({ name }: Pick<Contract, 'name'>): string {
  return readFileSync(join(import.meta.dirname, '../functions', name, 'openapi.yaml'), 'utf8');
}

/** A contract's OpenAPI document. It is parsed again only where its text has changed. */
export function documentOf(contract: Pick<Contract, 'name'>): OpenApi {
  const text = documentText(contract);
  const known = parsed.get(contract.name);
  if (known?.text === text) return known.document;
  const document: OpenApi = parse(text);
  parsed.set(contract.name, { text, document });
  return document;
}

const parsed = new Map<string, { readonly text: string; readonly document: OpenApi }>();

/** The one operation of a contract's document. */
export function operationOf({ paths }: OpenApi, { path }: Pick<Contract, 'path'>): Operation {
  const operation = paths[path]?.post;
  if (!operation) throw new Error(`the OpenAPI document has no POST ${path}`);
  return operation;
}

/** The examples of a media type, those of a success first. */
export function examplesOf({ example, examples = {} }: Media): readonly Example[] {
  const all = Object.values(examples);
  const good = all.filter((one) => one['x-outcomes']?.includes('refreshed'));
  const rest = all.filter((one) => !good.includes(one));
  return [...(example === undefined ? [] : [{ value: example }]), ...good, ...rest];
}

/** What a `$ref` within the document leads to. */
export function resolved<Part extends { readonly $ref?: string }>(
  document: OpenApi,
  part: Part,
): Part {
  const [, kind = '', name = ''] = /^#\/components\/(\w+)\/(.+)$/.exec(part.$ref ?? '') ?? [];
  const components: Readonly<Record<string, unknown>> = document.components ?? {};
  const found = (components[kind] as Readonly<Record<string, Part>> | undefined)?.[name];
  return found ? { ...resolved(document, found), ...part } : part;
}
