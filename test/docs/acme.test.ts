import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listening, project, run } from '../local/processes.ts';
import { copyOfProject, filesOf } from '../support/copies.ts';

const contributing = readFileSync(join(project, 'CONTRIBUTING.md'), 'utf8');
/** The import and the list that the page gives. */
const twoLines = (/```ts\n(import \{ acme \}[\s\S]*?)```/.exec(contributing)?.[1] ?? '').split(
  '\n',
);
const bin = join(project, 'node_modules/.bin');

describe('"Add a contract" of CONTRIBUTING.md', { timeout: 300_000 }, () => {
  let copy = '';
  let before: ReadonlyMap<string, string> = new Map();

  beforeAll(async () => {
    copy = copyOfProject();
    before = filesOf(copy);
    const [, section = ''] = contributing.split('## Add a contract');
    const [, command = ''] = /`(cp -r [^`]+)`/.exec(section) ?? [];
    await well(['sh', '-c', command]);
    const list = join(copy, 'functions/contracts.ts');
    const old = readFileSync(list, 'utf8').replace(
      /^export const contracts\b.*$/m,
      twoLines[1] ?? '',
    );
    writeFileSync(list, `${twoLines[0]}\n${old}`);
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
    expect(added.toSorted()).toEqual([
      'functions/acme/claims.ts',
      'functions/acme/contract.ts',
      'functions/acme/handler.ts',
      'functions/acme/openapi.yaml',
      'functions/acme/opening.ts',
      'functions/acme/session-body.ts',
      'test/wire/acme/acme.test.ts',
    ]);
    const changed = [...before].filter(([path, text]) => after.get(path) !== text);
    expect(changed.map(([path]) => path)).toEqual(['functions/contracts.ts']);
  });

  test('compiles', async () => {
    // What the contract reaches, and what reaches it: not every test and bench.
    const include = ['functions', 'infra', 'test/support/engines.ts', 'test/wire/acme'];
    writeFileSync(
      join(copy, 'tsconfig.acme.json'),
      JSON.stringify({ extends: './tsconfig.json', include }),
    );
    await well([join(bin, 'tsc'), '--noEmit', '-p', 'tsconfig.acme.json']);
  });

  test('gives a route, a Lambda and API Gateway’s own answers in the template', async () => {
    const CDK_OUTDIR = join(copy, 'cdk.out');
    // Only the template is looked at: nothing is bundled, and cdk-nag has seen the like of it.
    const CDK_CONTEXT_JSON = JSON.stringify({ 'aws:cdk:bundling-stacks': [] });
    const synthesis = `
      import { App } from 'aws-cdk-lib';
      import { RefreshStack } from './infra/refresh-stack.ts';
      import { readStage } from './infra/stages.ts';
      const app = new App({ builtinCloudFormationValidation: false });
      new RefreshStack(app, 'SessionRefresh-dev', { stage: await readStage('dev') });
      app.synth();`;
    await well([process.execPath, '--input-type=module', '-e', synthesis], {
      CDK_OUTDIR,
      CDK_CONTEXT_JSON,
    });
    const template = readFileSync(join(CDK_OUTDIR, 'SessionRefresh-dev.template.json'), 'utf8');
    const { Resources, Outputs } = JSON.parse(template);
    const own = Object.entries<{ Type: string; Properties: Record<string, unknown> }>(Resources)
      .filter(([id]) => id.startsWith('acme'))
      .map(([id, resource]) => ({ id, ...resource }));
    const ofType = (type: string) =>
      own.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
    expect(ofType('AWS::ApiGateway::Stage')).toMatchObject([{ StageName: 'acme' }]);
    const parts = ofType('AWS::ApiGateway::Resource').map(({ PathPart }) => PathPart);
    expect(parts.toSorted()).toEqual(['refresh', 'v1']);
    expect(own.map(({ id }) => id)).toContain('acmeFunction');
    expect(ofType('AWS::ApiGateway::GatewayResponse')).toContainEqual(
      expect.objectContaining({
        ResponseType: 'THROTTLED',
        StatusCode: '429',
        ResponseTemplates: { 'application/json': '{"code":"too-many-requests"}' },
      }),
    );
    expect(Outputs).toHaveProperty('AcmeUrl');
  });

  test('is held to the laws by the tests that list contracts, and by its own', async () => {
    const report = join(copy, 'report.json');
    const laws = ['acme/acme', 'all/documents', 'all/examples', 'all/gateway', 'all/sessions'];
    const files = laws.map((law) => `test/wire/${law}.test.ts`);
    const reporter = ['--reporter=json', `--outputFile=${report}`];
    const only = ['--isolate=false', '--maxWorkers=1', '-t', 'acme'];
    await well([process.execPath, join(bin, 'vitest'), 'run', ...reporter, ...only, ...files], {
      EMBEDDED_ONLY: '1',
    });
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const passed: readonly string[] = testResults.flatMap(
      ({ assertionResults }: { assertionResults: readonly Assertion[] }) =>
        assertionResults
          .filter(({ status }) => status === 'passed')
          .map(({ fullName }) => fullName),
    );
    for (const law of [
      'POST /acme/v1/refresh refuses a session that was ended',
      'the OpenAPI document of acme has the statuses and codes of the refuse table',
      'the example of wrong-secret of acme is answered so, byte for byte',
      'acme, behind the local gateway answers another path with the example of unknown-route',
      'a session of acme waits for keys that are unavailable',
    ])
      expect(passed.filter((title) => title.startsWith(law))).not.toEqual([]);
  });

  test('answers the line of curl that npm start prints, from its document alone', async () => {
    const anyPorts = { PORT: '0', DYNAMODB_PORT: '0' };
    const server = await listening(run([process.execPath, 'local/server.ts'], anyPorts, copy));
    const curl = server.curls.get('acme') ?? '';
    const answered = await well(['sh', '-c', `${curl} -w ' %{http_code}'`]);
    expect(answered).toMatch(/^\{"token":"[^"]+","expiresAt":\d+,"tools":\[\]\} 200$/);
  });
});

interface Assertion {
  readonly status: string;
  readonly fullName: string;
}
