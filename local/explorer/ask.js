/** Asks the local server to do something with its sessions; rejects with a sentence for people. */
export async function ask(action, input) {
  const response = await reach(`/explorer/sessions/${action}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(input),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

/** `fetch`, whose failure is a sentence for people. */
export function reach(path, options) {
  return fetch(path, options).catch(() => {
    throw new Error('The server does not answer. Is npm start still running?');
  });
}

/**
 * What this tab holds of a contract's session. It outlives a reload, so that the newest credential is not
 * lost; another tab has a session of its own.
 */
export function held(contract) {
  try {
    return JSON.parse(sessionStorage.getItem(contract)) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps what a session's client holds. */
export function hold(contract, session) {
  sessionStorage.setItem(contract, JSON.stringify(session));
}

/** Shows a sentence; `kind` is `good`, `warn`, `bad` or nothing. */
export function say(said, text, kind = '') {
  said.dataset.kind = kind;
  said.replaceChildren(...[text].flat());
}

/** Runs something while its button waits, and says what went wrong, if it did. */
export async function whileWaiting(button, said, run) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  // aria-disabled: an element that is truly disabled loses the keyboard's focus.
  button.setAttribute('aria-disabled', 'true');
  try {
    await run();
  } catch (error) {
    say(said, error.message, 'bad');
  } finally {
    button.removeAttribute('aria-disabled');
  }
}
