import type { Members } from '../core/contract/json-text.ts';
import type { Claims } from '../core/session/session.ts';

/**
 * Returns the claims of a `ccstore` session in the given order; `undefined` if `iss` is not a
 * string, or if a claim has a name that the token itself sets.
 */
export function ccstoreClaims({ texts, values }: Members): Claims | undefined {
  if (typeof values.iss !== 'string' || reserved.some((name) => texts.has(name))) return undefined;
  const own = [...texts].map(([name, text]) => `${JSON.stringify(name)}:${text}`);
  return `{${own.join(',')}}` as Claims;
}

const reserved = ['exp', 'sub', 'iat', 'sid', 'sec'];
