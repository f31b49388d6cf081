import type { IncomingMessage } from 'node:http';
import { isObject } from '../../functions/core/contract/json-text.ts';
import type { Input } from '../../functions/session-admin/fields.ts';

/** Why a request is not looked at. */
export interface GuardRefusal {
  readonly status: 403 | 405 | 415 | 421;
  readonly message: string;
}

/**
 * Why a request is not looked at; nothing where it may be. A browser sends to this machine what any
 * page tells it to. A page of another name that now points here is known by its `Host`, one of another
 * origin by its `Origin`, and a form by its type, which asks no leave of CORS.
 */
export function guard({ method, headers }: IncomingMessage): GuardRefusal | undefined {
  const { host = '', origin } = headers;
  if (!/^(127\.0\.0\.1|localhost)(:\d{1,5})?$/.test(host))
    return { status: 421, message: 'This answers to 127.0.0.1 and localhost alone.' };
  if (method === 'GET') return undefined;
  if (method !== 'POST') return { status: 405, message: 'GET for pages, POST for sessions.' };
  if (origin !== `http://${host}`)
    return { status: 403, message: 'This answers to its own pages alone.' };
  if (!/^application\/json(;|$)/i.test(headers['content-type'] ?? ''))
    return { status: 415, message: 'The body is JSON, and says so.' };
  return undefined;
}

/** The JSON object that a request brings; nothing where it is none, or over 16 kB. */
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

/**
 * What every answer says: how to read it, and what its page may load, which is nothing from elsewhere.
 * Scalar's script brings its styles along, and sets some on elements: its pages alone allow that.
 */
export function headersOf(
  type: string,
  styles: 'own' | 'inline',
): Readonly<Record<string, string>> {
  return {
    'Content-Type': `${type}; charset=utf-8`,
    'Cache-Control': 'no-store',
    'Content-Security-Policy': [`style-src ${styleSources[styles]}`, ...policy].join('; '),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
}

const styleSources = { own: "'self'", inline: "'self' 'unsafe-inline'" };

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];
