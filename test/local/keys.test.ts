import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sessionOwners } from '../../functions/contracts.ts';
import { environmentKeys } from '../../functions/core/keys/keys.ts';
import { localKeyFile } from '../../local/keys.ts';

const secret = 'root-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz';

describe('localKeyFile', () => {
  test('makes keys that every handler starts with, and answers them as they are in the file', () => {
    const file = newFile();
    const text = localKeyFile(file);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(Object.keys(JSON.parse(text))).toEqual(sessionOwners.map(({ name }) => name));
    for (const contract of sessionOwners)
      expect(() => environmentKeys({ SESSION_KEYS: text }, contract)).not.toThrow();
  });

  test('gives no key twice', () => {
    const keys = [localKeyFile(newFile()), localKeyFile(newFile())].flatMap(keysIn);
    // A root key for every contract, a signing key for those that sign, in each file.
    const wanted = 2 * (sessionOwners.length + sessionOwners.filter(({ signs }) => signs).length);
    expect(keys).toHaveLength(wanted);
    expect(new Set(keys).size).toBe(wanted);
    for (const key of keys) expect(Buffer.from(key, 'base64url')).toHaveLength(48);
  });

  test('makes them once', () => {
    const file = newFile();
    const text = localKeyFile(file);
    const { mtimeMs, ino } = statSync(file);
    expect(localKeyFile(file)).toBe(text);
    expect(statSync(file)).toMatchObject({ mtimeMs, ino });
  });

  test('shows the file to its owner alone, and leaves nothing beside it', () => {
    const file = newFile();
    localKeyFile(file);
    expect(modeOf(file)).toBe('600');
    expect(modeOf(dirname(file))).toBe('700');
    expect(readdirSync(dirname(file))).toEqual(['keys.json']);
  });

  test('gives a contract that came later its keys, and leaves the others theirs', () => {
    const eos = { root: secret, note: 'of someone who rotated a key by hand' };
    const gone = { root: secret };
    const file = newFile(JSON.stringify({ eos, gone }));
    const text = localKeyFile(file);
    const known = JSON.parse(text);
    expect(known).toMatchObject({ eos, gone });
    expect(Object.keys(known).sort()).toEqual(
      ['gone', ...sessionOwners.map(({ name }) => name)].sort(),
    );
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(localKeyFile(file)).toBe(text);
  });

  test('shows new keys to the owner alone, even in a file that others could read', () => {
    const file = newFile('{}');
    chmodSync(file, 0o644);
    localKeyFile(file);
    expect(modeOf(file)).toBe('600');
  });

  test.for([
    { what: 'nothing', text: '' },
    { what: 'half of an object', text: `{"eos":{"root":"${secret}` },
    { what: 'a key alone', text: secret },
    { what: 'a string', text: JSON.stringify(secret) },
    { what: 'an array', text: JSON.stringify([secret]) },
    { what: 'null', text: 'null' },
    { what: 'a number', text: '1' },
  ])('refuses a file of $what in one line that quotes nothing of it', ({ text }) => {
    const file = newFile(text);
    const { message, cause } = thrown(() => localKeyFile(file));
    expect(message).toMatch(/^[^\n]*keys\.json[^\n]*$/);
    expect(message).not.toContain(secret.slice(0, 8));
    expect(cause).toBeUndefined();
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('refuses a folder in the place of the file in one line', () => {
    const file = newFile();
    mkdirSync(file, { recursive: true });
    expect(thrown(() => localKeyFile(file)).message).toMatch(/^[^\n]*keys\.json[^\n]*$/);
  });

  test('gives all who make the first keys at the same moment the same ones', async () => {
    const files = Array.from({ length: 20 }, () => newFile());
    const answers = await raced(files, 2);
    for (const [at, file] of files.entries()) {
      const kept = readFileSync(file, 'utf8');
      expect(answers.map((texts) => texts[at])).toEqual([kept, kept]);
    }
  });
});

/** Threads that all ask for the keys of one file after the other, each at the same moment. */
function raced(files: readonly string[], threads: number): Promise<string[][]> {
  const there = new Int32Array(new SharedArrayBuffer(4 * files.length));
  const racer = `
    const { workerData: { module, files, there, threads }, parentPort } = require('node:worker_threads');
    import(module).then(({ localKeyFile }) => {
      const texts = files.map((file, at) => {
        Atomics.add(there, at, 1);
        while (Atomics.load(there, at) < threads);
        try { return localKeyFile(file); } catch (error) { return error.message; }
      });
      parentPort.postMessage(texts);
    });`;
  const module = new URL('../../local/keys.ts', import.meta.url).href;
  const workerData = { module, files, there, threads };
  return Promise.all(
    Array.from(
      { length: threads },
      () =>
        new Promise<string[]>((resolve, reject) => {
          new Worker(racer, { eval: true, workerData })
            .once('message', resolve)
            .once('error', reject);
        }),
    ),
  );
}

/** Where keys may be kept until the test ends; with a text, the file is there already. */
function newFile(text?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'session-refresh-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, '.local', 'keys.json');
  if (text === undefined) return file;
  mkdirSync(dirname(file));
  writeFileSync(file, text);
  return file;
}

function keysIn(text: string): string[] {
  return Object.values<Record<string, string>>(JSON.parse(text)).flatMap((keys) =>
    Object.values(keys),
  );
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

function thrown(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
