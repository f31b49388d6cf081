import type { Ended, Refreshed, Rejected, RetryLater } from './outcome.ts';
import { isObject, type JsonObject, type Wire } from './wire.ts';

/** The meaning of an answer, without the time that it holds. */
export type Meaning<Grant, Code extends string> =
  | Omit<Refreshed<Grant>, 'expiresIn'>
  | Ended<Code>
  | RetryLater
  | Rejected;

/**
 * Returns what an answer means. An answer that does not have the contract's form comes from something
 * in between, such as a proxy or a captive portal. Whatever its status, it neither grants nor ends
 * anything.
 */
export function interpret<Credential, Grant, Code extends string>(
  wire: Wire<Credential, Grant, Code>,
  status: number,
  text: string,
): Meaning<Grant, Code> {
  const later: RetryLater = { outcome: 'retry-later', cause: 'status', status };
  const body = parseObject(text);
  if (!body) return later;
  if (status === 200) {
    const grant = wire.grant(body);
    return grant === undefined ? later : { outcome: 'refreshed', grant };
  }
  const code = wire.code(body, status);
  if (typeof code !== 'string' || status < 400 || status >= 500) return later;
  if (isKeyOf(wire.ended, code) && wire.ended[code] === status) return { outcome: 'ended', code };
  if (temporaryStatuses.has(status) || wire.temporary.includes(code)) return later;
  return { outcome: 'rejected', status, code };
}

/** Request Timeout, Too Early, Too Many Requests. */
export const temporaryStatuses = new Set([408, 425, 429]);

function isKeyOf<Key extends string>(
  table: Readonly<Record<Key, unknown>>,
  key: string,
): key is Key {
  return Object.hasOwn(table, key);
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // The parser's error quotes the text, so it goes nowhere.
    return undefined;
  }
}
