import { ask, held, hold, whileWaiting } from './ask.js';

const demo = document.querySelector('#demo');
const { contract, path } = demo.dataset;
const { headers, body, newest } = JSON.parse(demo.dataset.refresh);
const [refresh, revoke, renew, said, request, answer] = [
  '#refresh',
  '#revoke',
  '#renew',
  '#said',
  '#request',
  '#answer',
].map((id) => document.querySelector(id));

/** A text with what the session has in the place of every `{name}`. */
function filled(text) {
  const session = held(contract);
  return text.replace(/\{(\w+)\}/g, (_, name) => session[name]);
}

function filledHeaders() {
  return Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, filled(text)]));
}

function show() {
  const lines = Object.entries(filledHeaders()).map(([name, value]) => `${name}: ${value}`);
  request.textContent = [`POST ${path}`, ...lines, ...(body ? ['', filled(body)] : [])].join('\n');
}

function showAnswer(status, text) {
  answer.dataset.kind = status < 400 ? 'good' : 'bad';
  answer.textContent = `${status}\n\n${text}`;
}

async function open() {
  hold(contract, await ask('open', { contract }));
  show();
}

/** Sends the very request that is shown, and keeps what its answer gives for the next one. */
async function send() {
  const response = await fetch(path, {
    method: 'POST',
    headers: filledHeaders(),
    ...(body && { body: filled(body) }),
  }).catch(() => {
    throw new Error('The server does not answer. Does npm start still run?');
  });
  const text = await response.text();
  const value = JSON.parse(text);
  showAnswer(response.status, JSON.stringify(value, null, 2));
  if (!response.ok) {
    said.textContent = `Refused with ${response.status}. Open another session to go on.`;
    return;
  }
  const next = Object.entries(newest).map(([mine, theirs]) => [mine, value[theirs]]);
  hold(contract, { ...held(contract), ...Object.fromEntries(next) });
  show();
  const time = new Date().toLocaleTimeString();
  said.textContent = `Refreshed with ${response.status} at ${time}.`;
}

refresh.addEventListener('click', () => whileWaiting(refresh, said, send));

revoke.addEventListener('click', () =>
  whileWaiting(revoke, said, async () => {
    await ask('revoke', { contract, sessionId: held(contract).sessionId });
    said.textContent = 'Revoked. Refresh it to see how the contract refuses.';
  }),
);

renew.addEventListener('click', () =>
  whileWaiting(renew, said, async () => {
    await open();
    delete answer.dataset.kind;
    answer.textContent = 'Not sent yet.';
    said.textContent = 'A new session is open.';
  }),
);

/** Whether the table still has what this tab holds; it is gone with the server that had it in memory. */
async function known() {
  const mine = held(contract)?.sessionId;
  if (mine === undefined) return false;
  const { sessions } = await ask('list', {});
  return sessions.some((session) => session.contract === contract && session.sessionId === mine);
}

try {
  if (await known()) show();
  else await open();
  for (const button of [refresh, revoke, renew]) button.disabled = false;
} catch (error) {
  said.textContent = error.message;
}
