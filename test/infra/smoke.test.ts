import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../functions/ccstoreui/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { listening, run } from '../local/processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'smoke-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the smoke test on a stack whose URLs are these. */
function smoke(urls: Record<string, string>) {
  const file = join(folder, 'outputs.json');
  writeFileSync(file, JSON.stringify({ 'SessionRefresh-dev': { ...urls, SessionTable: 'table' } }));
  return run(['npm', 'run', '-s', 'smoke', '--', file]).ended;
}

describe('npm run smoke', () => {
  test('passes what answers as documented, and names what does not', async () => {
    const anyPorts = { PORT: '0', DYNAMODB_PORT: '0' };
    const { origin } = await listening(run([process.execPath, 'local/server.ts'], anyPorts));
    const urls = {
      EosUrl: origin + eos.path,
      S360Url: origin + s360.path,
      CcstoreUrl: origin + ccstore.path,
      CcstoreuiUrl: origin + ccstoreui.path,
    };
    const passed = await smoke(urls);
    expect(passed.stdout.match(/refuses in its own words/g)).toHaveLength(contracts.length);
    expect(passed).toMatchObject({ code: 0, stderr: '' });

    const { S360Url, ...others } = urls;
    const swapped = { ...others, EosUrl: `${urls.EosUrl}/x`, CcstoreUrl: S360Url };
    const failed = await smoke(swapped);
    expect(failed.code).toBe(1);
    expect(failed.stdout.split('\n')).toEqual([
      expect.stringContaining(`eos: ${urls.EosUrl}/x answers 404 `),
      expect.stringMatching(/^s360: .* has no URL of it$/),
      expect.stringContaining(`ccstore: ${S360Url} answers 403 `),
      `ccstoreui: ${urls.CcstoreuiUrl} refuses in its own words`,
      '',
    ]);
  });

  test('names what does not answer', async () => {
    const { code, stdout } = await smoke({ EosUrl: 'http://127.0.0.1:1/client/refresh' });
    expect(code).toBe(1);
    expect(stdout).toContain('eos: http://127.0.0.1:1/client/refresh does not answer: ');
  });
});
