/** Loads the product without its redactions: `node --import ./unredacted.ts every-path.ts …` */

import { registerHooks } from 'node:module';
import type { redacted } from './marks.ts';

/** The place of a redaction: its file, its code, and the code without it. */
type Redaction = readonly [file: string, from: string, to: string];

const errors = 'core/lambda/error-record.ts';
const ids = 'core/lambda/request-ids.ts';
const admin = 'session-admin';
const frames = 'frames(error).slice(0, 8)';
const hashed = 'sessionHash(keys.log, rowKey(contract.serves, credential.id));';
const adminHash = 'sessionHash((await keys(contract)).log, rowKey(contract.name, id))';
const gatewayId = 'uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;';
const notJson = "throw new Error('SESSION_KEYS is not JSON');";
const wrapped = 'throw Object.assign(';

/** The redaction of each mark. */
const redactions = {
  message: [errors, `at: ${frames},`, `at: [error.message.split('\\n', 1)[0], ...${frames}],`],
  frame: [errors, 'stack.slice(at + message.length)', 'stack'],
  name: [errors, String.raw`names = /^[A-Za-z]\w{0,63}$/;`, 'names = /./;'],
  code: [errors, 'codes = /^[A-Z][A-Z_]{1,47}$/;', 'codes = /./;'],
  awsId: [errors, 'awsIds = /^[A-Za-z0-9-]{1,64}$/;', 'awsIds = /./;'],
  sessionId: ['core/lambda/refresh-handler.ts', hashed, 'credential.id;'],
  clientId: [ids, 'sane = /^[A-Za-z0-9._:-]{1,128}$/;', 'sane = /./;'],
  gatewayId: [ids, gatewayId, 'uuid = /./;'],
  extendedId: [ids, 'token = /^[A-Za-z0-9+/_-]{1,64}={0,2}$/;', 'token = /./;'],
  apiKey: [ids, 'context.identity?.apiKeyId', 'context.identity?.apiKey'],
  shortKey: ['core/keys/keys.ts', notJson, 'return object(JSON.parse(text));'],
  adminId: [`${admin}/audit.ts`, adminHash, 'rowKey(contract.name, id)'],
  adminError: [`${admin}/handler.ts`, wrapped, `if (error) throw error; ${wrapped}`],
} satisfies Record<keyof typeof redacted, Redaction>;

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const places = Object.values(redactions).filter(([file]) => url.endsWith(`/functions/${file}`));
    const source = places.reduce(without, String(loaded.source));
    return places.length > 0 ? { ...loaded, source } : loaded;
  },
});

function without(source: string, [file, from, to]: Redaction): string {
  const parts = source.split(from);
  if (parts.length !== 2) throw new Error(`${file} has no single ${from}`);
  return parts.join(to);
}
