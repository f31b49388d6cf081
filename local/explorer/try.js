// The controls of the page's "try" section. The file is over 150 lines because they share the state
// of one session: its first credential, its newest answer and its refreshes.

import { decoded, serverText, tokenIn, tokenText, verdict } from './answer.js';
import { ask, held, hold, reach, say, whileWaiting } from './ask.js';
import { clientCode } from './client-code.js';
import { drawLife } from './life.js';
import { curlLine, heldAfter, httpText, requestOf } from './request.js';

const section = document.querySelector('#try');
const setup = JSON.parse(section.dataset.setup);
const { serves, template, secret } = setup;
const at = (id) => document.querySelector(`#${id}`);
const said = at('said');

/** The credential that this tab's session was opened with, and when it was refreshed. */
let first;
let refreshes = [];
/** The newest answer. */
let newest;

async function open() {
  hold(serves, await ask('open', { contract: serves }));
  begin();
}

/** Shows a session of which nothing was sent yet. */
function begin() {
  first = held(serves);
  refreshes = [];
  newest = undefined;
  at('answer').textContent = 'Nothing was sent yet.';
  delete at('answer').dataset.kind;
  for (const id of ['request-panel', 'token-part', 'server-part']) at(id).hidden = true;
  main('refresh');
  showNext();
}

function showNext() {
  at('next').textContent = httpText(requestOf(template, held(serves)));
}

/** Makes one button the main one. */
function main(id) {
  for (const other of ['refresh', 'renew']) at(other).classList.toggle('primary', other === id);
}

/** Sends one request, shows it and its answer, and keeps what the answer gives for the next one. */
async function send({ present = 'newest', simulate, revoke }) {
  const { sessionId } = held(serves);
  if (revoke) await ask('revoke', { contract: serves, sessionId });
  const credential = { newest: held(serves), first, wrong: wrong(held(serves)) }[present];
  const request = requestOf(template, credential);
  if (simulate) request.headers['X-Local-Simulate'] = simulate;
  const { path, ...options } = request;
  const response = await reach(path, options);
  const text = await response.text();
  const value = text === '' ? undefined : JSON.parse(text);
  const server = await serverPart(response.headers.get('x-amzn-RequestId'));
  if (response.ok) {
    newest = value;
    hold(serves, heldAfter(held(serves), value));
    refreshes.push(Date.now() / 1000);
  }
  showExchange(request, response, value, server);
  await showLife();
  return verdict(response.status, value, server?.outcome);
}

async function serverPart(id) {
  const response = await reach(`/explorer/requests/${id}`);
  return response.ok ? response.json() : undefined;
}

/** A credential whose secret is wrong by a character. */
function wrong(credential) {
  const right = String(credential[secret]);
  const place = Math.max(0, right.length - 5);
  const other = right[place] === 'A' ? 'B' : 'A';
  return { ...credential, [secret]: right.slice(0, place) + other + right.slice(place + 1) };
}

function showExchange(request, { status, headers }, value, server) {
  const { kind } = verdict(status, value, server?.outcome);
  at('request').textContent = httpText(request);
  at('request-panel').hidden = false;
  at('answer').dataset.kind = kind;
  const retry = headers.get('Retry-After');
  const body = value === undefined ? '(no body)' : JSON.stringify(value, null, 2);
  at('answer').textContent = `${status}${retry ? `\nRetry-After: ${retry}` : ''}\n\n${body}`;
  at('server-part').hidden = server === undefined;
  if (server) at('server').textContent = serverText(server);
  showNext();
}

/** The session's limits as bars, and the newest token. */
async function showLife() {
  const session = await ask('show', { contract: serves, sessionId: held(serves).sessionId });
  const { openedAt, refreshedAt, idleUntil, endsAt, revokedAt } = session;
  const token = tokenIn(newest) ?? tokenIn(held(serves));
  const claims = token && decoded(token).claims;
  at('token-part').hidden = !token;
  if (token) at('token').textContent = tokenText(decoded(token));
  const idle = { label: 'Idle limit', from: refreshedAt, until: idleUntil };
  const clock = { label: 'This token expires', from: claims?.iat, until: claims?.exp };
  const limits = [
    ...(idleUntil < endsAt ? [idle] : claims?.exp ? [clock] : []),
    { label: 'The session ends', from: openedAt, until: endsAt },
  ];
  drawLife(at('life'), revokedAt || !endsAt ? [] : limits, refreshes);
}

/** Sends requests one after the other, and says how the last one ended. */
async function exchange(steps) {
  let last;
  for (const step of steps) last = await send(step);
  const simulated = steps.some(({ simulate }) => simulate) && steps.length === 1;
  const note = simulated ? ' Only this request was simulated.' : '';
  say(said, `${last.text}.${note}`, last.kind);
  reveal(said);
  main(last.over && !simulated ? 'renew' : 'refresh');
}

/** Scrolls an element into view. On a phone, the refusal buttons lie a screen below what they change. */
function reveal(element) {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  element.scrollIntoView({ block: 'nearest', behavior: calm ? 'instant' : 'smooth' });
}

async function copy(text, what) {
  await navigator.clipboard.writeText(text);
  say(said, `Copied ${what}.`);
}

const code = () => clientCode(setup, held(serves), location.origin);
const actions = {
  refresh: () => exchange([{}]),
  renew: async () => {
    await open();
    await showLife();
    say(said, 'A new session is open.');
  },
  revoke: async () => {
    await ask('revoke', { contract: serves, sessionId: held(serves).sessionId });
    await showLife();
    say(said, 'Revoked. Refresh it to see how the contract refuses.');
  },
  'copy-curl': () => copy(curlLine(requestOf(template, held(serves)), location.origin), 'as curl'),
  'copy-code': () => copy(code(), 'as client code'),
};
for (const [id, run] of Object.entries(actions))
  at(id)?.addEventListener('click', () => whileWaiting(at(id), said, run));
for (const button of section.querySelectorAll('[data-refusal]'))
  button.addEventListener('click', () =>
    whileWaiting(button, said, async () => {
      if (refused()) await open();
      await exchange(setup.refusals[button.dataset.refusal].steps);
    }),
  );

/** Whether the session is over, so that a refusal needs another one. */
const refused = () => at('renew').classList.contains('primary');

/** Whether the table still has what this tab holds: one in memory ends with its server. */
async function known() {
  const sessionId = held(serves)?.sessionId;
  if (sessionId === undefined) return false;
  return ask('show', { contract: serves, sessionId }).then(
    ({ state }) => state === 'active',
    () => false,
  );
}

try {
  if (await known()) begin();
  else await open();
  await showLife();
  for (const button of section.querySelectorAll('button')) button.disabled = false;
} catch (error) {
  say(said, error.message, 'bad');
}
