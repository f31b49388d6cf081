import { ask, hold, whileWaiting } from './ask.js';

const [form, said, reload, rows] = ['#open', '#said', '#reload', '#sessions tbody'].map((id) =>
  document.querySelector(id),
);

function cell(label, ...content) {
  const td = document.createElement('td');
  td.dataset.label = label;
  td.append(...content);
  return td;
}

function time(seconds) {
  const element = document.createElement('time');
  const date = new Date(seconds * 1000);
  element.dateTime = date.toISOString();
  element.title = date.toLocaleString();
  const today = date.toDateString() === new Date().toDateString();
  element.textContent = today
    ? date.toLocaleTimeString([], { hourCycle: 'h23' })
    : date.toLocaleString([], { dateStyle: 'short', timeStyle: 'short' });
  return element;
}

function code(text) {
  const element = document.createElement('code');
  element.textContent = text;
  return element;
}

function state(word) {
  const element = document.createElement('span');
  element.className = 'state';
  element.dataset.state = word;
  element.textContent = word.replaceAll('-', ' ');
  return element;
}

function revokeButton({ contract, sessionId }) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Revoke';
  button.setAttribute('aria-label', `Revoke ${contract} session ${sessionId}`);
  button.addEventListener('click', () =>
    whileWaiting(button, said, async () => {
      await ask('revoke', { contract, sessionId });
      await list();
      said.textContent = `Revoked ${sessionId}.`;
      // The button is gone with its row; the keyboard goes on from the list.
      reload.focus();
    }),
  );
  return button;
}

function row(session) {
  const {
    contract,
    sessionId,
    subject = '–',
    openedAt,
    refreshedAt,
    idleUntil,
    endsAt,
    revokedAt,
  } = session;
  const tr = document.createElement('tr');
  const open = session.state === 'active' || session.state === 'anonymous';
  tr.append(
    cell('Contract', contract),
    cell('Session', code(sessionId)),
    cell('State', state(session.state)),
    cell('Subject', subject),
    cell('Opened', time(openedAt)),
    cell('Refreshed', time(refreshedAt)),
    cell('Idle until', time(idleUntil)),
    cell('Ends', time(revokedAt ?? endsAt)),
    cell('', ...(open ? [revokeButton(session)] : [])),
  );
  return tr;
}

async function list() {
  const { sessions, all } = await ask('list', {});
  rows.replaceChildren(...sessions.map(row));
  said.textContent = all > sessions.length ? `The newest ${sessions.length} of ${all}.` : '';
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const { contract, subject } = Object.fromEntries(new FormData(form));
  whileWaiting(form.querySelector('button'), said, async () => {
    const session = await ask('open', { contract, ...(subject && { subject }) });
    // Its credential is for this tab's page of the contract, and for nobody's eyes here.
    hold(contract, session);
    await list();
    const link = document.createElement('a');
    link.href = `/explorer/${contract}`;
    link.textContent = `Refresh it on the page of ${contract}`;
    said.replaceChildren(`Opened ${session.sessionId}. `, link, '.');
  });
});

reload.addEventListener('click', () => whileWaiting(reload, said, list));

await list().catch((error) => {
  said.textContent = error.message;
});
