import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { marks } from './marked.ts';
import { forms, marksIn } from './marks-in.ts';

const root = join(import.meta.dirname, '../../..');

/** Everything that is written on every path, by the project in a folder. */
async function written(folder: string, ...contracts: string[]): Promise<string> {
  const script = join('test/properties/leaks', 'every-path.ts');
  const child = spawn(process.execPath, [script, inject('embedded'), ...contracts], {
    cwd: folder,
  });
  const [out, told, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0) throw new Error(`it ended with ${code}: ${told.slice(-1000)}`);
  return out + told;
}

/** A redaction of the product, and the same place without it. */
const redactions = [
  {
    what: 'an error’s message',
    file: 'functions/core/lambda/error-record.ts',
    from: 'at: frames(error).slice(0, 8),',
    to: 'at: [error.message, ...frames(error)],',
  },
  {
    what: 'a message that looks like the frames of a stack',
    file: 'functions/core/lambda/error-record.ts',
    from: 'stack.slice(at + message.length)',
    to: 'stack',
  },
  {
    what: 'a name that is none',
    file: 'functions/core/lambda/error-record.ts',
    from: String.raw`const names = /^[A-Za-z]\w{0,63}$/;`,
    to: 'const names = /./;',
  },
  {
    what: 'a code that is none',
    file: 'functions/core/lambda/error-record.ts',
    from: 'const codes = /^[A-Z][A-Z_]{1,47}$/;',
    to: 'const codes = /./;',
  },
  {
    what: 'a service’s request id that is none',
    file: 'functions/core/lambda/error-record.ts',
    from: 'const awsIds = /^[A-Za-z0-9-]{1,64}$/;',
    to: 'const awsIds = /./;',
  },
  {
    what: 'a session’s id',
    file: 'functions/core/lambda/refresh-handler.ts',
    from: 'record.session = sessionHash(keys.log, rowKey(contract.serves, credential.id));',
    to: 'record.session = credential.id;',
  },
  {
    what: 'a client’s name for its request that is none',
    file: 'functions/core/lambda/request-ids.ts',
    from: 'const sane = /^[A-Za-z0-9._:-]{1,128}$/;',
    to: 'const sane = /./;',
  },
  {
    what: 'a gateway’s request id that is none',
    file: 'functions/core/lambda/request-ids.ts',
    from: 'const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;',
    to: 'const uuid = /./;',
  },
  {
    what: 'an extended request id that is none',
    file: 'functions/core/lambda/request-ids.ts',
    from: 'const token = /^[A-Za-z0-9+/_-]{1,64}={0,2}$/;',
    to: 'const token = /./;',
  },
  {
    what: 'an api key',
    file: 'functions/core/lambda/request-ids.ts',
    from: 'context.identity?.apiKeyId',
    to: 'context.identity?.apiKey',
  },
  {
    what: 'keys that are not JSON',
    file: 'functions/core/keys/keys.ts',
    from: "throw new Error('SESSION_KEYS is not JSON');",
    to: 'return object(JSON.parse(text));',
  },
  {
    what: 'a session’s id, by session-admin',
    file: 'functions/session-admin/audit.ts',
    from: 'sessionHash((await keys(contract)).log, rowKey(contract.name, id))',
    to: 'rowKey(contract.name, id)',
  },
  {
    what: 'what session-admin throws',
    file: 'functions/session-admin/handler.ts',
    from: 'throw Object.assign(',
    to: 'if (error) throw error;\n    throw Object.assign(',
  },
];

describe('all that is written, on every path', { timeout: 60_000 }, () => {
  test('holds no secret, in any spelling', async () => {
    const all = await written(root);
    expect(all).toContain('"outcome":"refreshed"');
    expect(all).toContain('"keys-unread"');
    expect(all).toContain('"errorType"');
    expect(marksIn(all)).toEqual([]);
  });

  test.for(redactions)('would hold one without the redaction of $what', async (redaction) => {
    const copy = mkdtempSync(join(tmpdir(), 'leaks-'));
    onTestFinished(() => rmSync(copy, { recursive: true }));
    for (const folder of ['functions', 'local', 'test/properties/leaks', 'package.json'])
      cpSync(join(root, folder), join(copy, folder), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const file = join(copy, redaction.file);
    const parts = readFileSync(file, 'utf8').split(redaction.from);
    expect(parts).toHaveLength(2);
    writeFileSync(file, parts.join(redaction.to));
    expect(marksIn(await written(copy, 's360'))).not.toEqual([]);
  });
});

describe('marksIn', () => {
  const { secret } = marks;

  test.for([
    { what: 'as it is', text: `x${secret}y` },
    { what: 'in JSON', text: JSON.stringify({ a: secret }) },
    { what: 'in base64, at any place', text: Buffer.from(`{"a":"${secret}"}`).toString('base64') },
    { what: 'in base64url', text: Buffer.from(`{"ab":"${secret}"}`).toString('base64url') },
    { what: 'in hex', text: Buffer.from(`x${secret}`).toString('hex') },
    { what: 'in a URL', text: `https://a.example/?b=${encodeURIComponent(secret)}` },
    { what: 'in a form', text: new URLSearchParams({ c: secret }).toString() },
  ])('finds a mark $what', ({ text }) => {
    expect(marksIn(text)).toEqual(['secret']);
  });

  test('finds none where there is none', () => {
    expect(marksIn(JSON.stringify({ outcome: 'refreshed', at: ['at frames (a.ts:1:1)'] }))).toEqual(
      [],
    );
    expect(forms('a').length).toBeGreaterThan(6);
  });
});
