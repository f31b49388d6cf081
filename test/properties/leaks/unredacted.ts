/** Loads the product without its redactions: `node --import ./unredacted.ts every-path.ts …` */

import { registerHooks } from 'node:module';
import type { redacted } from './marks.ts';

interface Redaction {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const errors = 'functions/core/lambda/error-record.ts';
const ids = 'functions/core/lambda/request-ids.ts';

/** The redaction of each mark, and the same place without it. */
const redactions = {
  message: {
    file: errors,
    from: 'at: frames(error).slice(0, 8),',
    to: "at: [error.message.split('\\n', 1)[0], ...frames(error).slice(0, 8)],",
  },
  frame: { file: errors, from: 'stack.slice(at + message.length)', to: 'stack' },
  name: { file: errors, from: String.raw`names = /^[A-Za-z]\w{0,63}$/;`, to: 'names = /./;' },
  code: { file: errors, from: 'codes = /^[A-Z][A-Z_]{1,47}$/;', to: 'codes = /./;' },
  awsId: { file: errors, from: 'awsIds = /^[A-Za-z0-9-]{1,64}$/;', to: 'awsIds = /./;' },
  sessionId: {
    file: 'functions/core/lambda/refresh-handler.ts',
    from: 'sessionHash(keys.log, rowKey(contract.serves, credential.id));',
    to: 'credential.id;',
  },
  clientId: { file: ids, from: 'sane = /^[A-Za-z0-9._:-]{1,128}$/;', to: 'sane = /./;' },
  gatewayId: {
    file: ids,
    from: 'uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;',
    to: 'uuid = /./;',
  },
  extendedId: { file: ids, from: 'token = /^[A-Za-z0-9+/_-]{1,64}={0,2}$/;', to: 'token = /./;' },
  apiKey: { file: ids, from: 'context.identity?.apiKeyId', to: 'context.identity?.apiKey' },
  shortKey: {
    file: 'functions/core/keys/keys.ts',
    from: "throw new Error('SESSION_KEYS is not JSON');",
    to: 'return object(JSON.parse(text));',
  },
  adminId: {
    file: 'functions/session-admin/audit.ts',
    from: 'sessionHash((await keys(contract)).log, rowKey(contract.name, id))',
    to: 'rowKey(contract.name, id)',
  },
  adminError: {
    file: 'functions/session-admin/handler.ts',
    from: 'throw Object.assign(',
    to: 'if (error) throw error;\n    throw Object.assign(',
  },
} satisfies Record<keyof typeof redacted, Redaction>;

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const places = Object.values(redactions).filter(({ file }) => url.endsWith(`/${file}`));
    const source = places.reduce(without, String(loaded.source));
    return places.length > 0 ? { ...loaded, source } : loaded;
  },
});

function without(source: string, { file, from, to }: Redaction): string {
  const parts = source.split(from);
  if (parts.length !== 2) throw new Error(`${file} has no single ${from}`);
  return parts.join(to);
}
