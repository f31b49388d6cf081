/** The request that a template becomes with what a session's client holds. */
export function requestOf({ path, headers, format, members }, held) {
  const known = (text) => text.replace(/\{(\w+)\}/g, (_, name) => held[name] ?? '');
  const values = Object.entries(members).map(([name, value]) => [name, held[name] ?? value]);
  const body = {
    form: () => new URLSearchParams(values).toString(),
    json: () => JSON.stringify(Object.fromEntries(values)),
    none: () => undefined,
  }[format]();
  return {
    method: 'POST',
    path,
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, known(text)])),
    ...(body !== undefined && { body }),
  };
}

/** What the client holds after an answer: the newest value of each member, in either spelling. */
export function heldAfter(held, answer) {
  const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const newest = Object.keys(held).map((name) => [
    name,
    answer[name] ?? answer[snake(name)] ?? held[name],
  ]);
  return Object.fromEntries(newest);
}

/** The request as it travels. */
export function httpText({ method, path, headers, body }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path}`, ...lines, ...(body === undefined ? [] : ['', body])].join('\n');
}

/** The request as one line of curl for a POSIX shell. */
export function curlLine({ method, path, headers, body }, origin) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const options = Object.entries(headers)
    // It is what curl sends by itself.
    .filter(([, value]) => value !== 'application/x-www-form-urlencoded')
    .map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const sent = body === undefined ? [`-X ${method}`] : [];
  const data = body === undefined ? [] : [`--data ${quoted(body)}`];
  return ['curl -sS', ...sent, quoted(origin + path), ...options, ...data].join(' ');
}
