import { clockTime, distance } from './times.js';

/** What an outcome means for the client. Every other outcome is a failure of the server. */
const meanings = {
  refreshed: ['good', 'refreshed'],
  'unknown-session': ['bad', 'session over: it is unknown'],
  'not-logged-in': ['bad', 'session over: nobody is logged in'],
  'wrong-secret': ['bad', 'refused: the secret is wrong, the session is as it was'],
  'reused-secret': ['bad', 'session over: a replaced secret was used again'],
  revoked: ['bad', 'session over: it was revoked'],
  'idle-too-long': ['bad', 'session over: it was idle too long'],
  'lifetime-over': ['bad', 'session over: its lifetime has ended'],
  settling: ['warn', 'retry later: the secret was replaced a minute ago, the session is as it was'],
  'over-rate': ['warn', 'retry later: too many requests, the session is as it was'],
  unavailable: ['warn', 'retry later: storage did not answer, the session is as it was'],
  'timed-out': ['warn', 'retry later: the answer took too long'],
};

/** An answer in one line: `403 3-2: session over: it was revoked`, and whether that is good. */
export function verdict(status, value, outcome) {
  const known = Object.hasOwn(meanings, outcome ?? '') ? meanings[outcome] : undefined;
  const [kind, words] =
    known ?? (status < 400 ? ['good', 'answered'] : ['bad', outcome ?? 'refused']);
  const code = status < 400 ? undefined : codeIn(value);
  return {
    kind,
    over: words.startsWith('session over'),
    text: `${[status, code].filter(Boolean).join(' ')}: ${words}`,
  };
}

/** The contract's own code of an error, wherever its answer has it. */
function codeIn(value) {
  if (typeof value !== 'object' || value === null) return undefined;
  const own = value.code ?? value.errorCode;
  return own ?? Object.values(value).map(codeIn).find(Boolean);
}

/** The first JWT in an answer or in what the client holds. */
export function tokenIn(value) {
  if (typeof value === 'string') return decoded(value) && value;
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.values(value).map(tokenIn).find(Boolean);
}

/** Header and claims of a JWT, in base64url or in padded base64; nothing where it is none. */
export function decoded(token) {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const [header, claims] = parts.slice(0, 2).map((part) => {
      const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
      const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
      return JSON.parse(new TextDecoder().decode(bytes));
    });
    return { header, claims };
  } catch {
    return undefined;
  }
}

/** A decoded token as text, its times beside it in words. */
export function tokenText({ header, claims }) {
  const times = ['iat', 'exp']
    .filter((name) => typeof claims[name] === 'number')
    .map((name) => `${name} is ${clockTime(claims[name])} (${distance(claims[name])})`);
  return [JSON.stringify(header, null, 2), JSON.stringify(claims, null, 2), ...times].join('\n');
}

/** What the server did, as text: who answered, the storage requests, the log line. */
export function serverText({ by, storageRequests, storageMs, totalMs, ...record }) {
  if (by !== 'Lambda')
    return `API Gateway answered. The Lambda was not called.\n\n${lines(record)}`;
  const requests = `${storageRequests} storage request${storageRequests === 1 ? '' : 's'}`;
  const log = { ...record, storageRequests, storageMs, totalMs };
  return `The Lambda answered in ${totalMs} ms: ${requests} in ${storageMs} ms.\n\n${lines(log)}`;
}

const lines = (record) => JSON.stringify(record, null, 2);
