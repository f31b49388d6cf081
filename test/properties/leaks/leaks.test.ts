import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, inject, test } from 'vitest';
import { marks, marksIn, redactions } from './marks.ts';

/** Everything that is written on every path. */
async function written(options: readonly string[] = [], ...contracts: string[]): Promise<string> {
  const script = join(import.meta.dirname, 'every-path.ts');
  const argv = [...options, script, inject('embedded'), ...contracts];
  const child = spawn(process.execPath, argv);
  const [out, told, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0) throw new Error(`it ended with ${code}: ${told.slice(-1000)}`);
  return out + told;
}

describe('all that is written, on every path', () => {
  test('holds no secret, in any spelling', async () => {
    const all = await written();
    for (const line of ['"outcome":"refreshed"', '"keys-unread"', '"errorType"'])
      expect(all).toContain(line);
    expect(marksIn(all)).toEqual([]);
  });

  test('holds every secret of a redaction, and no other, without the redactions', async () => {
    const unredacted = ['--import', join(import.meta.dirname, 'unredacted.ts')];
    expect(marksIn(await written(unredacted, 's360'))).toEqual(Object.keys(redactions));
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
});
