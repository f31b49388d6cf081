import { ask, hold, say, whileWaiting } from './ask.js';
import { timeElement } from './times.js';

const [form, said, reload, filter, table, empty] = [
  '#open',
  '#said',
  '#reload',
  '#filter',
  '#sessions',
  '#empty',
].map((id) => document.querySelector(id));

function element(name, properties, ...content) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...content);
  return made;
}

/** A cell. Its label stands before it where the table is shown as cards; `more` is hidden there at first. */
function cell(label, more, ...content) {
  const td = element('td', { className: more ? 'more' : '' }, ...content);
  td.dataset.label = label;
  return td;
}

/** A moment; a damaged session has none. */
const moment = (seconds) => (seconds === undefined ? '–' : timeElement(seconds));

/** A text that is cut where it is long, and whole in its title. */
const clipped = (name, text) => element(name, { className: 'clip', title: text }, text);

function state(word) {
  const span = element('span', { className: 'state' }, word.replaceAll('-', ' '));
  span.dataset.state = word;
  return span;
}

function revokeButton({ contract, sessionId }) {
  const button = element('button', { type: 'button', className: 'danger' }, 'Revoke');
  button.setAttribute('aria-label', `Revoke ${contract} session ${sessionId}`);
  button.addEventListener('click', () =>
    whileWaiting(button, said, async () => {
      await ask('revoke', { contract, sessionId });
      await list();
      say(said, `Revoked ${sessionId}.`);
      // The button is gone with its row; the keyboard goes on from the list.
      reload.focus();
    }),
  );
  return button;
}

/** Shows the rest of a card. Only where the table is shown as cards. */
function detailsButton(tr, { contract, sessionId }) {
  const button = element('button', { type: 'button', className: 'details' }, 'Details');
  button.setAttribute('aria-label', `Details of ${contract} session ${sessionId}`);
  button.setAttribute('aria-expanded', 'false');
  button.addEventListener('click', () => {
    button.setAttribute('aria-expanded', String(tr.classList.toggle('whole')));
  });
  return button;
}

function row(session) {
  const { contract, sessionId, subject, openedAt, refreshedAt, idleUntil, endsAt, revokedAt } =
    session;
  const tr = document.createElement('tr');
  const open = ['active', 'anonymous', 'damaged'].includes(session.state);
  // A session that is over has no idle limit, and neither has one whose token is its idle clock.
  const idle = open && idleUntil < endsAt ? timeElement(idleUntil) : '–';
  tr.append(
    cell('Contract', false, contract),
    cell('Session', false, clipped('code', sessionId)),
    cell('State', false, state(session.state)),
    cell('Subject', true, clipped('span', subject ?? '–')),
    cell('Opened', true, moment(openedAt)),
    cell('Refreshed', true, refreshedAt > openedAt ? timeElement(refreshedAt) : '–'),
    cell('Idle limit', true, idle),
    cell(revokedAt ? 'Revoked' : 'Ends', true, moment(revokedAt ?? endsAt)),
    cell('', false, detailsButton(tr, session), ...(open ? [revokeButton(session)] : [])),
  );
  return tr;
}

async function list() {
  const { sessions, all } = await ask('list', {});
  const wanted = sessions.filter(({ contract }) => !filter.value || contract === filter.value);
  table.tBodies[0].replaceChildren(...wanted.map(row));
  table.hidden = wanted.length === 0;
  empty.hidden = wanted.length > 0;
  say(said, all > sessions.length ? `The newest ${sessions.length} of ${all}.` : '');
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const { contract, subject } = Object.fromEntries(new FormData(form));
  whileWaiting(form.querySelector('button'), said, async () => {
    const session = await ask('open', { contract, ...(subject && { subject }) });
    // Its credential is for this tab's page of the contract; nothing here shows it.
    hold(contract, session);
    filter.value = '';
    await list();
    const link = element(
      'a',
      { href: `/explorer/${contract}` },
      `Refresh it on the page of ${contract}`,
    );
    say(said, [`Opened ${session.sessionId}. `, link, '.'], 'good');
  });
});

reload.addEventListener('click', () => whileWaiting(reload, said, list));
filter.addEventListener('change', () => whileWaiting(filter, said, list));

await list().catch((error) => say(said, error.message, 'bad'));
