import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { eos } from '../../functions/eos/contract.ts';
import { pathOfDocument, textOfDocument } from '../support/openapi.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Ends the linter where it reaches for a network: its telemetry and its search for updates are off. */
const offline = `data:text/javascript,${encodeURIComponent(
  "import net from 'node:net'; net.Socket.prototype.connect = () => process.exit(99);",
)}`;

interface Linted {
  readonly code: number;
  readonly said: string;
}

/** Lints files by the project's rules. */
async function lint(files: readonly string[]): Promise<Linted> {
  const cli = join(root, 'node_modules/@redocly/cli/bin/cli.js');
  const config = join(root, 'redocly.yaml');
  const args = ['--import', offline, cli, 'lint', '--config', config, ...files];
  // Telemetry is off by redocly.yaml.
  const env = { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  try {
    const { stdout, stderr } = await run(process.execPath, args, { cwd: root, env });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: stdout + stderr };
  }
}

describe('the linter of OpenAPI documents', () => {
  test('finds nothing in the documents, and asks nothing of a network', async () => {
    const { code, said } = await lint(contracts.map(pathOfDocument));
    expect([code, said]).toEqual([0, expect.stringContaining('valid')]);
    for (const contract of contracts) expect(said).toContain(pathOfDocument(contract));
  });

  test.for([
    {
      what: 'an example that does not fit its schema',
      rule: 'no-invalid-media-type-examples',
      from: '{ "message": "Forbidden", "code": "9-7" }',
      to: '{ "message": "Forbidden", "code": 97 }',
    },
    {
      what: 'a reference that leads nowhere',
      rule: 'no-unresolved-refs',
      from: "schema: { $ref: '#/components/schemas/NotFound' }",
      to: "schema: { $ref: '#/components/schemas/Nowhere' }",
    },
    {
      what: 'a member that OpenAPI does not know',
      rule: 'struct',
      from: 'servers:',
      to: 'hosts: []\nservers:',
    },
    {
      what: 'an operation without a summary',
      rule: 'operation-summary',
      from: '      summary: Refresh a session\n',
      to: '',
    },
    {
      what: 'a path parameter that is not in the path',
      rule: 'path-parameters-defined',
      from: 'in: query',
      to: 'in: path',
    },
  ])('finds $what', async ({ rule, from, to }) => {
    const text = textOfDocument(eos);
    expect(text).toContain(from);
    const folder = mkdtempSync(join(tmpdir(), 'openapi-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'openapi.yaml');
    writeFileSync(file, text.replace(from, to));
    const { code, said } = await lint([file]);
    expect([code, said]).toEqual([1, expect.stringContaining(rule)]);
  });
});
