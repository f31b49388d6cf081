import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as Stack from '../../infra/refresh-stack.ts';
import type * as Stages from '../../infra/stages.ts';
import { listening, project, run } from '../local/processes.ts';
import { copyOfProject, filesOf } from '../support/copies.ts';

const contributing = readFileSync(join(project, 'CONTRIBUTING.md'), 'utf8');
const [, section = ''] = contributing.split('## Add a contract');
const [, command = ''] = /`(cp -r [^`]+)`/.exec(section) ?? [];
const [, importLine = '', list = ''] = /```ts\n(.*)\n(.*)\n```/.exec(section) ?? [];
const bin = join(project, 'node_modules/.bin');

describe('"Add a contract" of CONTRIBUTING.md', { timeout: 300_000 }, () => {
  let copy = '';
  let before: ReadonlyMap<string, string> = new Map();

  beforeAll(async () => {
    copy = copyOfProject();
    before = filesOf(copy);
    await well(['sh', '-c', command]);
    const file = join(copy, 'functions/contracts.ts');
    const old = readFileSync(file, 'utf8').replace(/^export const contracts\b.*$/m, list);
    writeFileSync(file, `${importLine}\n${old}`);
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  /** Runs a command line in the copy to its end, which must be a good one. */
  async function well(command: readonly string[], env: Record<string, string> = {}) {
    const ended: (() => Promise<void>)[] = [];
    const { code, stdout, stderr } = await run(command, env, copy, (end) => ended.push(end)).ended;
    expect([code, code === 0 ? '' : stdout + stderr]).toEqual([0, '']);
    return stdout;
  }

  test('adds the files of a folder and a test, and changes one file', () => {
    const after = filesOf(copy);
    const added = [...after.keys()].filter((path) => !before.has(path));
    const folders = new Set(added.map((path) => dirname(path)));
    expect([...folders].toSorted()).toEqual(['functions/acme', 'test/wire/acme']);
    const changed = [...before].filter(([path, text]) => after.get(path) !== text);
    expect(changed.map(([path]) => path)).toEqual(['functions/contracts.ts']);
  });

  test('compiles', async () => {
    // All that the contract reaches. What lists contracts knows no more of one than its type.
    const include = ['functions', 'test/support/engines.ts', 'test/wire/acme'];
    const config = JSON.stringify({ extends: './tsconfig.json', include });
    writeFileSync(join(copy, 'tsconfig.acme.json'), config);
    await well([join(bin, 'tsc'), '--noEmit', '--singleThreaded', '-p', 'tsconfig.acme.json']);
  });

  test('gives a route, a Lambda and API Gateway’s own answers in the template', async () => {
    const infra = join(copy, 'infra');
    const { RefreshStack }: typeof Stack = await import(join(infra, 'refresh-stack.ts'));
    const { readStage }: typeof Stages = await import(join(infra, 'stages.ts'));
    // Only the template is looked at: nothing is bundled, and cdk-nag has seen the like of it.
    const context = { 'aws:cdk:bundling-stacks': [] };
    const outdir = join(copy, 'cdk.out');
    const app = new App({ context, outdir, builtinCloudFormationValidation: false });
    const stage = (await readStage('dev')) as Stages.Stage;
    const template = Template.fromStack(new RefreshStack(app, 'SessionRefresh-dev', { stage }));
    const own = (type: string) =>
      Object.entries(template.findResources(type)).filter(([id]) => id.startsWith('acme'));
    template.hasResourceProperties('AWS::ApiGateway::Stage', { StageName: 'acme' });
    const parts = own('AWS::ApiGateway::Resource').map(([, { Properties }]) => Properties.PathPart);
    expect(parts.toSorted()).toEqual(['refresh', 'v1']);
    expect(own('AWS::Lambda::Function').map(([id]) => id)).toContain('acmeFunction');
    template.hasResourceProperties('AWS::ApiGateway::GatewayResponse', {
      ResponseType: 'THROTTLED',
      StatusCode: '429',
      ResponseTemplates: { 'application/json': '{"code":"too-many-requests"}' },
    });
    template.hasOutput('AcmeUrl', {});
  });

  test('is held to the laws by the tests that list contracts, and by its own', async () => {
    const laws = ['acme/acme', 'all/documents', 'all/examples', 'all/gateway', 'all/sessions'];
    const files = laws.map((law) => `test/wire/${law}.test.ts`);
    const how = ['--reporter=tap-flat', '--isolate=false', '--maxWorkers=1', '-t', 'acme'];
    const vitest = [process.execPath, join(bin, 'vitest'), 'run', ...how, ...files];
    const ran = (await well(vitest, { EMBEDDED_ONLY: '1' })).split('\n');
    // Not a test that was skipped.
    const passed = ran
      .filter((line) => /^ok .* # time=/.test(line))
      .join('\n')
      .replaceAll(' > ', ' ');
    for (const law of [
      'POST /acme/v1/refresh refuses a session that was ended',
      'the OpenAPI document of acme has the statuses and codes of the refuse table',
      'the example of wrong-secret of acme is answered so, byte for byte',
      'acme, behind the local gateway answers another path with the example of unknown-route',
      'a session of acme waits for keys that are unavailable',
    ])
      expect(passed).toContain(law);
  });

  test('answers the line of curl that npm start prints, from its document alone', async () => {
    const anyPorts = { PORT: '0', DYNAMODB_PORT: '0' };
    const server = await listening(run([process.execPath, 'local/server.ts'], anyPorts, copy));
    const curl = server.curls.get('acme') ?? '';
    const answered = await well(['sh', '-c', `${curl} -w ' %{http_code}'`]);
    expect(answered).toMatch(/^\{"token":"[^"]+","expiresAt":\d+,"tools":\[\]\} 200$/);
  });
});
