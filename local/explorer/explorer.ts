import { readFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { parse } from 'yaml';
import { contracts } from '../../functions/contracts.ts';
import { isObject } from '../../functions/core/contract/json-text.ts';
import type { Answer } from '../../functions/session-admin/command.ts';
import { actions, type Local } from './actions.ts';
import { guard, headersOf, jsonIn } from './guard.ts';
import { type About, contractPage, indexPage } from './pages.ts';
import { rendererScript } from './renderer.ts';

/**
 * Serves the pages that list the contracts and let their demo sessions be refreshed, at `GET /` and
 * below `/explorer`; everything else is the next listener's. Local alone: nothing deployed knows of it.
 */
export function explorer(local: Local, next: RequestListener): RequestListener {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const front = path === '/' && request.method === 'GET';
    if (!front && !/^\/explorer(\/|$)/.test(path)) return next(request, response);
    answer(path, request, local).then(
      (page) => send(response, page),
      () => send(response, json(503, { message: 'The sessions can’t be reached.' })),
    );
  };
}

/** An answer of the explorer's own. */
interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly styles?: 'own' | 'inline';
}

async function answer(path: string, request: IncomingMessage, local: Local): Promise<Page> {
  const refusal = guard(request);
  if (refusal) {
    request.resume();
    return json(refusal.status, { message: refusal.message });
  }
  if (request.method === 'GET') return (await pageAt(path)) ?? json(404, { message: 'Not found' });
  const [, , folder, name = '', ...more] = path.split('/');
  const action = folder === 'sessions' && Object.hasOwn(actions, name) && actions[name];
  const input = await jsonIn(request);
  if (!action || more.length > 0) return json(404, { message: 'Not found' });
  if (!input) return json(400, { message: 'The body is a JSON object of at most 16 kB.' });
  return said(await action(input, local));
}

function said(answer: Answer): Page {
  if (answer.outcome === 'done') return json(200, answer.result);
  return answer.outcome === 'refused'
    ? json(409, { message: answer.reason })
    : json(400, { message: answer.problem });
}

/** What is read at this path; nothing where there is nothing. */
async function pageAt(path: string): Promise<Page | undefined> {
  if (path === '/')
    return html(indexPage(contracts.map((contract) => [contract, about(contract)])));
  const [, , first = '', second, ...more] = path.split('/');
  const contract = contracts.find(({ name }) => name === first);
  if (contract && second === undefined) {
    const names = contracts.map(({ name }) => name);
    return { ...html(contractPage(contract, about(contract), names)), styles: 'inline' };
  }
  if (more.length > 0) return undefined;
  if (contract && second === 'openapi.yaml') {
    const body = documentOf(contract);
    return body === undefined ? undefined : { status: 200, type: 'application/yaml', body };
  }
  if (second !== undefined) return undefined;
  if (first === 'scalar.js')
    return { status: 200, type: 'text/javascript', body: await rendererScript() };
  const type = Object.hasOwn(assets, first) && assets[first];
  return type ? { status: 200, type, body: readFileSync(join(here, first), 'utf8') } : undefined;
}

const here = import.meta.dirname;

/** The files of this folder that a page loads. */
const assets: Readonly<Record<string, string>> = {
  'style.css': 'text/css',
  'icon.svg': 'image/svg+xml',
  'ask.js': 'text/javascript',
  'demo.js': 'text/javascript',
  'reference.js': 'text/javascript',
  'sessions.js': 'text/javascript',
};

/** A contract's OpenAPI document, as it is now: who edits it sees it at the next load. */
function documentOf({ name }: { readonly name: string }): string | undefined {
  try {
    return readFileSync(join(here, '../../functions', name, 'openapi.yaml'), 'utf8');
  } catch {
    return undefined;
  }
}

function about(contract: { readonly name: string }): About {
  const value: unknown = parse(documentOf(contract) ?? '{}');
  const info = isObject(value) && isObject(value.info) ? value.info : {};
  return { title: String(info.title ?? contract.name), summary: String(info.summary ?? '') };
}

function html(body: string): Page {
  return { status: 200, type: 'text/html', body };
}

function json(status: number, value: object): Page {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}

function send(response: ServerResponse, { status, type, body, styles = 'own' }: Page): void {
  response.writeHead(status, headersOf(type, styles)).end(body);
}
