import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { marks, marksIn, redactions } from './marks.ts';

/** Everything that is written on every path. */
function written(options: readonly string[] = [], ...contracts: string[]): string {
  const script = join(import.meta.dirname, 'every-path.ts');
  const argv = [...options, script, inject('embedded'), ...contracts];
  const told = { encoding: 'utf8', maxBuffer: 1e9 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, told);
  if (status !== 0) throw new Error(`it ended with ${status}: ${stderr.slice(-1000)}`);
  return stdout + stderr;
}

describe('all that is written, on every path', () => {
  test('holds no secret, in any spelling', () => {
    const all = written();
    for (const line of ['"outcome":"refreshed"', '"keys-unread"', '"errorType"'])
      expect(all).toContain(line);
    expect(marksIn(all)).toEqual([]);
  });

  test('holds every secret of a redaction, and no other, without the redactions', () => {
    const unredacted = ['--import', join(import.meta.dirname, 'unredacted.ts')];
    expect(marksIn(written(unredacted, 's360'))).toEqual(Object.keys(redactions));
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
