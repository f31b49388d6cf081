import type { APIGatewayProxyEvent } from 'aws-lambda';
import { isObject, members } from '../contract/json-text.ts';
import type { BodyFormat, Fields, WireRequest } from '../contract/wire-request.ts';

/** Returns the request in an event, or the fault if its body is malformed or too large. */
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
  if (format === 'form')
    for (const [name, values] of Object.entries(event.multiValueQueryStringParameters ?? {}))
      query.set(name, values?.[0]);
  return { headers, query, body };
}

/** Returns a header of an event. `name` is in lower case; the event can use any case. */
export function header(event: APIGatewayProxyEvent, name: string): string | undefined {
  const found = Object.entries(event.headers ?? {}).find(([key]) => key.toLowerCase() === name);
  return found?.[1];
}

/**
 * API Gateway accepts 10 MB. Credentials are much smaller than this limit, and a larger body is
 * refused before it is parsed.
 */
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
  // A contract that reads only JSON ignores the content type: a wrong header must end no session.
  const parse = format === 'json' ? json : formParsers.get(type.trim().toLowerCase());
  if (!parse) return none;
  try {
    return parse(isBase64Encoded ? decodeBase64(body) : body);
  } catch {
    // The parser's error is dropped, because it quotes the body.
    return 'malformed-request';
  }
}

/** @throws TypeError if the text is not base64 of UTF-8. Buffer alone would accept any text */
function decodeBase64(text: string): string {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new TypeError('not base64');
  return utf8.decode(bytes);
}

// A byte-order mark is kept, as in a body that is not in base64. Such a body is not JSON and is
// refused.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws SyntaxError if the text is not a JSON object */
function json(text: string): Fields {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new SyntaxError('not an object');
  return new Map(Object.entries(value));
}

/**
 * Reads a JSON object that a client sent instead of a form. A number becomes its JSON text, because
 * a double cannot hold a number with many digits.
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
 * Reads `application/x-www-form-urlencoded`. If a name is repeated, the first value counts.
 * Stricter than URLSearchParams, which replaces a broken percent escape and would so change a
 * secret.
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

// A Map, because an object would have a member for the content type `constructor`.
const formParsers: ReadonlyMap<string, (text: string) => Fields> = new Map([
  ['application/x-www-form-urlencoded', form],
  ['application/json', jsonForm],
]);
