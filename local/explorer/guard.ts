import type { IncomingMessage } from 'node:http';
import { isObject } from '../../functions/core/contract/json-text.ts';
import type { Input } from '../../functions/session-admin/fields.ts';

/** Why the explorer refuses a request. */
export interface GuardRefusal {
  readonly status: 403 | 405 | 415 | 421;
  readonly message: string;
}

/**
 * Why the explorer refuses a request; nothing where it takes it. Any page that a browser shows can send
 * something to this machine. `Host` tells a page of another name that resolves to 127.0.0.1, `Origin` a page
 * of another origin, and the content type a form, which needs no preflight.
 */
export function guard({ method, headers }: IncomingMessage): GuardRefusal | undefined {
  const { host = '', origin } = headers;
  if (!/^(127\.0\.0\.1|localhost)(:\d{1,5})?$/.test(host))
    return { status: 421, message: 'Open the explorer at 127.0.0.1 or localhost.' };
  if (method === 'GET') return undefined;
  if (method !== 'POST')
    return { status: 405, message: 'Use GET for pages and POST for sessions.' };
  if (origin !== `http://${host}`)
    return { status: 403, message: 'Only the explorer’s own pages may ask this.' };
  if (!/^application\/json(;|$)/i.test(headers['content-type'] ?? ''))
    return { status: 415, message: 'The content type must be application/json.' };
  return undefined;
}

/** The JSON object in a request's body; nothing where it is none, or is over 16 kB. */
export async function jsonIn(request: IncomingMessage): Promise<Input | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= mostBytes) chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return bytes <= mostBytes && isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const mostBytes = 16 * 1024;

/** The headers of every answer. A page may load nothing from another host. */
export function headersOf(type: string): Readonly<Record<string, string>> {
  return {
    'Content-Type': `${type}; charset=utf-8`,
    'Cache-Control': 'no-store',
    'Content-Security-Policy': policy,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
}

const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
