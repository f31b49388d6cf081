import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/**
 * Signs the JSON text of a payload by HS256, as Oracle Commerce does: a JWT of three segments in
 * padded *standard* base64. Oracle's storefront cannot decode `-` and `_`, and it corrupts
 * characters outside ASCII, so the payload writes them as `\u…`.
 */
export function signPaddedJwt(payload: string, key: KeyObject): string {
  const input = `${header}.${base64(ascii(payload))}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64')}`;
}

/**
 * The payload of a JWT that one of the keys signed by HS256; `undefined` for every other text. It
 * takes both base64 alphabets, padded or not, in canonical encoding only. It checks no times: the
 * session does.
 */
export function verifyPaddedJwt(
  token: string,
  keys: readonly KeyObject[],
): Readonly<Record<string, unknown>> | undefined {
  const [head, body, tail, ...more] = token.split('.');
  const signature = decoded(tail);
  if (more.length > 0 || !signature || !signedBy(keys, `${head}.${body}`, signature)) return;
  const { alg, crit } = object(head) ?? {};
  // Only this project signs with these keys. If another system did, its other headers would not
  // count.
  return alg === 'HS256' && crit === undefined ? object(body) : undefined;
}

const header = base64('{"alg":"HS256","typ":"JWT"}');

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The same JSON in ASCII characters only. */
function ascii(json: string): string {
  return json.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Whether one of the keys made the signature. Each comparison takes constant time. */
function signedBy(keys: readonly KeyObject[], input: string, signature: Buffer): boolean {
  return keys.some((key) => {
    const right = createHmac('sha256', key).update(input).digest();
    return signature.length === right.length && timingSafeEqual(signature, right);
  });
}

/** The JSON object that a segment encodes. */
function object(segment: string | undefined): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(decoded(segment)));
  } catch {
    // Not JSON in UTF-8.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  return value as Record<string, unknown>;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of a segment; `undefined` if it is not their canonical encoding in either alphabet. */
// Stryker disable next-line StringLiteral: a missing segment is refused like any wrong one
function decoded(segment = ''): Buffer | undefined {
  const bytes = Buffer.from(segment, 'base64');
  const standard = bytes.toString('base64');
  const urlSafe = bytes.toString('base64url');
  const padded = urlSafe.padEnd(standard.length, '=');
  const canonical = [standard, standard.replaceAll('=', ''), urlSafe, padded];
  return canonical.includes(segment) ? bytes : undefined;
}
