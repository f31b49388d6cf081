/** Asks the local server to do something with its sessions; rejects with a sentence for people. */
export async function ask(action, input) {
  const response = await fetch(`/explorer/sessions/${action}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(input),
  }).catch(() => {
    throw new Error('The server does not answer. Does npm start still run?');
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

/**
 * What this tab holds of a contract's demo session. It outlives a reload, so that the newest credential
 * is not lost; another tab has a session of its own.
 */
export function held(contract) {
  try {
    return JSON.parse(sessionStorage.getItem(contract)) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps what was given last. */
export function hold(contract, session) {
  sessionStorage.setItem(contract, JSON.stringify(session));
}

/** Runs something while its button waits, and says what went wrong, if it did. */
export async function whileWaiting(button, said, run) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  // Disabled by word alone: an element that is truly disabled loses the keyboard's focus.
  button.setAttribute('aria-disabled', 'true');
  try {
    await run();
  } catch (error) {
    said.textContent = error.message;
  } finally {
    button.removeAttribute('aria-disabled');
  }
}
