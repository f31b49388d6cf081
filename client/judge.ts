import type { Ended, Refreshed, Rejected, RetryLater } from './outcome.ts';
import { isObject, type JsonObject, type Wire } from './wire.ts';

/** What an answer means, but for how long it means it. */
export type Judgement<Grant, Code extends string> =
  | Omit<Refreshed<Grant>, 'expiresIn'>
  | Ended<Code>
  | RetryLater
  | Rejected;

/**
 * What an answer means. One that is not in the contract's words is somebody else's (a proxy, a
 * captive portal), whatever its status: it neither grants nor ends anything.
 */
export function judge<Credential, Grant, Code extends string>(
  wire: Wire<Credential, Grant, Code>,
  status: number,
  text: string,
): Judgement<Grant, Code> {
  const later: RetryLater = { outcome: 'retry-later', cause: 'status', status };
  const body = objectIn(text);
  if (!body) return later;
  if (status === 200) {
    const grant = wire.grant(body);
    return grant === undefined ? later : { outcome: 'refreshed', grant };
  }
  const code = wire.code(body, status);
  if (typeof code !== 'string' || status < 400 || status >= 500) return later;
  if (isKeyOf(wire.ended, code) && wire.ended[code] === status) return { outcome: 'ended', code };
  if (passingStatuses.has(status) || wire.passing.includes(code)) return later;
  return { outcome: 'rejected', status, code };
}

/** Request Timeout, Too Early, Too Many Requests. */
const passingStatuses = new Set([408, 425, 429]);

function isKeyOf<Key extends string>(
  table: Readonly<Record<Key, unknown>>,
  key: string,
): key is Key {
  return Object.hasOwn(table, key);
}

function objectIn(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // The parser's own error quotes the text.
    return undefined;
  }
}
