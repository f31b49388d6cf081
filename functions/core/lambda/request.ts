import type { APIGatewayProxyEvent } from 'aws-lambda';
import { isObject, members } from '../contract/json-text.ts';
import type { BodyFormat, Fields, WireRequest } from '../contract/wire-request.ts';

/** The request in an event, or the fault of its body. */
export function wireRequest(
  event: APIGatewayProxyEvent,
  format: BodyFormat,
): WireRequest | 'malformed-request' | 'too-large' {
  const body = format === 'none' ? none : readBody(event, format);
  if (typeof body === 'string') return body;
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(event.headers ?? {}))
    if (value !== undefined) headers.set(name.toLowerCase(), value);
  const query = new Map<string, unknown>();
  for (const [name, values] of Object.entries(event.multiValueQueryStringParameters ?? {}))
    query.set(name, values?.[0]);
  return { headers, query, body };
}

/** A header of an event, its name in any case. */
export function header(event: APIGatewayProxyEvent, name: string): string | undefined {
  const found = Object.entries(event.headers ?? {}).find(([key]) => key.toLowerCase() === name);
  return found?.[1];
}

/** API Gateway accepts 10 MB. No credential is near this size, and a larger body is not parsed. */
const mostBytes = 64 * 1024;

const none: Fields = new Map();

function readBody(
  event: APIGatewayProxyEvent,
  format: 'form' | 'json',
): Fields | 'malformed-request' | 'too-large' {
  const { body, isBase64Encoded } = event;
  if (!body) return none;
  const bytes = Buffer.byteLength(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes > mostBytes) return 'too-large';
  const [type = ''] = (header(event, 'content-type') ?? '').split(';');
  // A contract that reads only JSON ignores the content type: a wrong header must not end a session.
  const parse = format === 'json' ? json : formParsers.get(type.trim().toLowerCase());
  if (!parse) return none;
  try {
    return parse(isBase64Encoded ? decodeBase64(body) : body);
  } catch {
    // Without the cause: a JSON error quotes the body.
    return 'malformed-request';
  }
}

/** @throws TypeError if the text is not base64 of UTF-8. Buffer alone would accept any text */
function decodeBase64(text: string): string {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new TypeError('not base64');
  return utf8.decode(bytes);
}

// A byte-order mark is kept, as in a body that came as text: it is not JSON.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws SyntaxError if the text is not a JSON object */
function json(text: string): Fields {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new SyntaxError('not an object');
  return new Map(Object.entries(value));
}

/**
 * A JSON object instead of a form. A number counts as its own text, because a double would change a
 * long one.
 * @throws SyntaxError if the text is not a JSON object
 */
function jsonForm(text: string): Fields {
  const { texts, values } = members(text);
  return new Map(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'number' ? texts.get(name) : value,
    ]),
  );
}

/**
 * Reads `application/x-www-form-urlencoded`; of a repeated name the first value counts. It is
 * stricter than URLSearchParams, which turns a broken escape into other characters, and so a secret
 * into another secret.
 * @throws URIError if an escape is broken
 */
function form(text: string): Fields {
  const fields = new Map<string, unknown>();
  for (const pair of text.split('&')) {
    const at = pair.indexOf('=');
    const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    const decoded = decodeForm(value);
    if (!fields.has(decodeForm(name))) fields.set(decodeForm(name), decoded);
  }
  return fields;
}

function decodeForm(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

// A map, because a client may send the type `constructor`.
const formParsers: ReadonlyMap<string, (text: string) => Fields> = new Map([
  ['application/x-www-form-urlencoded', form],
  ['application/json', jsonForm],
]);
