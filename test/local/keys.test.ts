import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { sessionOwners } from '../../functions/contracts.ts';
import { environmentKeys } from '../../functions/core/keys/keys.ts';
import { localKeyFile } from '../../local/keys.ts';
import { folder } from './processes.ts';

const secret = 'root-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz';
const names = sessionOwners.map(({ name }) => name);

describe('localKeyFile', () => {
  test('makes keys once, which every handler starts with, for its owner alone', () => {
    const file = newFile();
    const text = localKeyFile(file);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(Object.keys(JSON.parse(text))).toEqual(names);
    for (const contract of sessionOwners)
      expect(() => environmentKeys({ SESSION_KEYS: text }, contract)).not.toThrow();
    expect([modeOf(file), modeOf(dirname(file))]).toEqual(['600', '700']);
    const { mtimeMs, ino } = statSync(file);
    expect(localKeyFile(file)).toBe(text);
    expect(statSync(file)).toMatchObject({ mtimeMs, ino });
    expect(readdirSync(dirname(file))).toEqual(['keys.json']);
  });

  test('gives no key twice', () => {
    const keys = [localKeyFile(newFile()), localKeyFile(newFile())].flatMap(keysIn);
    // A root key for every contract, and a signing key for those that sign, in each file.
    const wanted = 2 * (names.length + sessionOwners.filter(({ signs }) => signs).length);
    expect([keys.length, new Set(keys).size]).toEqual([wanted, wanted]);
    for (const key of keys) expect(Buffer.from(key, 'base64url')).toHaveLength(48);
  });

  test('gives a contract that came later its keys, and leaves the others theirs', () => {
    const eos = { root: secret, note: 'of someone who rotated a key by hand' };
    const file = newFile(JSON.stringify({ eos, gone: { root: secret } }));
    chmodSync(file, 0o644);
    const text = localKeyFile(file);
    expect(JSON.parse(text)).toMatchObject({ eos, gone: { root: secret } });
    expect(Object.keys(JSON.parse(text)).sort()).toEqual(['gone', ...names].sort());
    expect([localKeyFile(file), modeOf(file)]).toEqual([text, '600']);
  });

  test.for(['', `{"eos":{"root":"${secret}`, secret, JSON.stringify([secret]), 'null', '1'])(
    'refuses a file of %s in one line that quotes nothing of it',
    (text) => {
      const file = newFile(text);
      const says = `${file} is not a JSON object; delete it and \`npm start\` makes new keys`;
      // Without a cause: a JSON error quotes the keys.
      const plain = (error: Error) => error.message === says && !('cause' in error);
      expect(() => localKeyFile(file)).toThrow(expect.toSatisfy(plain));
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );

  test('gives two who make the first keys at the same moment the same ones', async () => {
    const files = Array.from({ length: 20 }, () => newFile());
    const answers = await raced(files, 2);
    for (const [at, file] of files.entries()) {
      const kept = readFileSync(file, 'utf8');
      expect(answers.map((texts) => texts[at])).toEqual([kept, kept]);
    }
  });
});

/** Threads that all ask for the keys of one file after the other, each at the same moment. */
async function raced(files: readonly string[], threads: number): Promise<string[][]> {
  const there = new Int32Array(new SharedArrayBuffer(4 * files.length));
  const racer = `
    const { workerData: { module, files, there, threads }, parentPort } = require('node:worker_threads');
    import(module).then(({ localKeyFile }) => {
      parentPort.postMessage(files.map((file, at) => {
        Atomics.add(there, at, 1);
        while (Atomics.load(there, at) < threads);
        try { return localKeyFile(file); } catch (error) { return error.message; }
      }));
    });`;
  const module = new URL('../../local/keys.ts', import.meta.url).href;
  const workerData = { module, files, there, threads };
  const one = () => once(new Worker(racer, { eval: true, workerData }), 'message');
  return (await Promise.all(Array.from({ length: threads }, one))).flat();
}

/** Where keys may be kept until the test ends; with a text, the file is there already. */
function newFile(text?: string): string {
  const file = join(folder(), '.local', 'keys.json');
  if (text === undefined) return file;
  mkdirSync(dirname(file));
  writeFileSync(file, text);
  return file;
}

function keysIn(text: string): string[] {
  return Object.values<Record<string, string>>(JSON.parse(text)).flatMap(Object.values);
}
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
