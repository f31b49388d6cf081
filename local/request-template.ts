import type { Contract } from '../functions/core/contract/contract.ts';
import { isObject } from '../functions/core/contract/json-text.ts';
import type { BodyFormat } from '../functions/core/contract/wire-request.ts';
import { documentOf, examplesOf, type OpenApi, operationOf } from './document.ts';

/** The request of a contract's client. `local/explorer/request.js` fills in what a session's client holds. */
export interface RequestTemplate {
  readonly path: string;
  /** `{name}` stands for the member of that name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly format: BodyFormat;
  /** The members of the body. What the client holds by the same name takes their place. */
  readonly members: Readonly<Record<string, unknown>>;
}

/** The template that a contract's OpenAPI document gives: its first example, and its security schemes. */
export function requestTemplate(contract: Contract, apiKey: string): RequestTemplate {
  const document = documentOf(contract);
  const { path, body } = contract;
  const content = operationOf(document, contract).requestBody?.content ?? {};
  const media = content[mediaTypes[body]] ?? {};
  const [{ value } = {}] = examplesOf(media);
  return {
    path,
    headers: {
      ...credentialHeaders(document, apiKey),
      ...(body !== 'none' && { 'Content-Type': mediaTypes[body] }),
    },
    format: body,
    members: body !== 'none' && isObject(value) ? value : {},
  };
}

const mediaTypes = {
  form: 'application/x-www-form-urlencoded',
  json: 'application/json',
  none: '',
} as const satisfies Record<BodyFormat, string>;

/** The headers of the document's security schemes: the api key, and the token that a client holds. */
function credentialHeaders(
  { security = [], components }: OpenApi,
  apiKey: string,
): Record<string, string> {
  const schemes = security
    .flatMap((one) => Object.keys(one))
    .map((name) => components?.securitySchemes?.[name]);
  return Object.fromEntries(
    schemes.flatMap((scheme) => {
      if (scheme?.type === 'apiKey' && scheme.in === 'header' && scheme.name)
        return [[scheme.name, apiKey]];
      return scheme?.scheme === 'bearer' ? [['Authorization', 'Bearer {accessToken}']] : [];
    }),
  );
}
