import { readFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { contracts } from '../../functions/contracts.ts';
import type { Answer } from '../../functions/session-admin/command.ts';
import { documentText } from '../document.ts';
import { actions, type Local } from './actions.ts';
import { guard, headersOf, jsonIn } from './guard.ts';
import { contractPage, indexPage } from './pages.ts';

/**
 * Serves the explorer at `GET /` and below `/explorer`; `next` answers everything else. Its pages list the
 * contracts and the sessions of the local table. Nothing deployed has it.
 */
export function explorer(local: Local, next: RequestListener): RequestListener {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const front = path === '/' && request.method === 'GET';
    if (!front && !/^\/explorer(\/|$)/.test(path)) return next(request, response);
    answer(path, request, local).then(
      (page) => send(response, page),
      () => send(response, json(503, { message: 'The table of sessions does not answer.' })),
    );
  };
}

/** An answer of the explorer. */
interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function answer(path: string, request: IncomingMessage, local: Local): Promise<Page> {
  const refusal = guard(request);
  if (refusal) {
    request.resume();
    return json(refusal.status, { message: refusal.message });
  }
  const [, , folder, name = '', ...more] = path.split('/');
  if (request.method === 'GET') {
    const part = folder === 'requests' && more.length === 0 ? local.request(name) : undefined;
    if (part) return json(200, part);
    return pageAt(path, request.headers.host ?? '') ?? json(404, { message: 'Not found' });
  }
  const action = folder === 'sessions' && Object.hasOwn(actions, name) && actions[name];
  const input = await jsonIn(request);
  if (!action || more.length > 0) return json(404, { message: 'Not found' });
  if (!input) return json(400, { message: 'The body must be a JSON object of at most 16 kB.' });
  return answerOf(await action(input, local));
}

function answerOf(answer: Answer): Page {
  if (answer.outcome === 'done') return json(200, answer.result);
  return answer.outcome === 'refused'
    ? json(409, { message: answer.reason })
    : json(400, { message: answer.problem });
}

/** The page or file at a path; nothing where there is none. */
function pageAt(path: string, host: string): Page | undefined {
  if (path === '/') return html(indexPage(contracts));
  const [, , first = '', second, ...more] = path.split('/');
  if (more.length > 0) return undefined;
  const contract = contracts.find(({ name }) => name === first);
  if (contract && second === 'openapi.yaml')
    return { status: 200, type: 'application/yaml', body: documentText(contract) };
  if (second !== undefined) return undefined;
  const names = contracts.map(({ name }) => name);
  if (contract) return html(contractPage(contract, names, host));
  const type = Object.hasOwn(assets, first) && assets[first];
  return type ? { status: 200, type, body: readFileSync(join(here, first), 'utf8') } : undefined;
}

const here = import.meta.dirname;

/** The files of this folder that a page loads. */
const assets: Readonly<Record<string, string>> = {
  'style.css': 'text/css',
  'icon.svg': 'image/svg+xml',
  ...Object.fromEntries(
    ['answer', 'ask', 'client-code', 'life', 'request', 'sessions', 'times', 'try'].map((name) => [
      `${name}.js`,
      'text/javascript',
    ]),
  ),
};

function html(body: string): Page {
  return { status: 200, type: 'text/html', body };
}

function json(status: number, value: object): Page {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}

function send(response: ServerResponse, { status, type, body }: Page): void {
  response.writeHead(status, headersOf(type)).end(body);
}
