import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listening, project, run } from '../local/processes.ts';
import { copyOfProject, filesOf } from '../support/copy.ts';
import { blocksOf, follow, patched } from './recipe.ts';

const contributing = readFileSync(join(project, 'CONTRIBUTING.md'), 'utf8');
const blocks = blocksOf(contributing);
const bin = join(project, 'node_modules/.bin');

describe('the recipe of CONTRIBUTING.md', { timeout: 300_000 }, () => {
  let copy = '';
  let before: ReadonlyMap<string, string> = new Map();

  beforeAll(() => {
    copy = copyOfProject();
    before = filesOf(copy);
    follow(blocks, copy);
  });

  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  /** Runs a command line in the copy to its end, which must be a good one. */
  async function well(command: readonly string[], env: Record<string, string> = {}) {
    const { code, stdout, stderr } = await run(command, env, copy).ended;
    expect([code, code === 0 ? '' : stdout + stderr]).toEqual([0, '']);
    return stdout;
  }

  test('changes one file, by a line in the list and its import', () => {
    const after = filesOf(copy);
    const changed = [...before].filter(([path, text]) => after.get(path) !== text);
    expect(changed.map(([path]) => path)).toEqual(['functions/contracts.ts']);
    const old = new Set(before.get('functions/contracts.ts')?.split('\n'));
    const lines = after.get('functions/contracts.ts')?.split('\n');
    expect(lines?.filter((line) => !old.has(line))).toEqual([
      "import { acme } from './acme/contract.ts';",
      'export const contracts: readonly Contract[] = [eos, s360, ccstore, acme];',
    ]);
  });

  test('adds the files of a folder, and a test', () => {
    const added = [...filesOf(copy).keys()].filter((path) => !before.has(path));
    expect(added.toSorted()).toEqual([
      'functions/acme/claims.ts',
      'functions/acme/contract.ts',
      'functions/acme/handler.ts',
      'functions/acme/openapi.yaml',
      'functions/acme/opening.ts',
      'functions/acme/session-body.ts',
      'test/contracts/acme.test.ts',
    ]);
  });

  test('is in the style of the house, and compiles', async () => {
    await well([join(bin, 'biome'), 'check', '--vcs-enabled=false', 'functions', 'test/contracts']);
    await well([join(bin, 'tsc'), '--noEmit']);
  });

  test('gets a route, a Lambda and API Gateway’s own answers in the template', async () => {
    const CDK_OUTDIR = join(copy, 'cdk.out');
    // Only the template is looked at: nothing is bundled.
    const CDK_CONTEXT_JSON = JSON.stringify({ stage: 'dev', 'aws:cdk:bundling-stacks': [] });
    await well([process.execPath, 'infra/app.ts'], { CDK_OUTDIR, CDK_CONTEXT_JSON });
    const template = readFileSync(join(CDK_OUTDIR, 'SessionRefresh-dev.template.json'), 'utf8');
    const { Resources, Outputs } = JSON.parse(template);
    const own = Object.entries<{ Type: string; Properties: Record<string, unknown> }>(Resources)
      .filter(([id]) => id.startsWith('acme'))
      .map(([id, resource]) => ({ id, ...resource }));
    const ofType = (type: string) =>
      own.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);

    expect(ofType('AWS::ApiGateway::RestApi')).toHaveLength(1);
    expect(ofType('AWS::ApiGateway::Stage')).toMatchObject([{ StageName: 'acme' }]);
    const parts = ofType('AWS::ApiGateway::Resource').map(({ PathPart }) => PathPart);
    expect(parts.toSorted()).toEqual(['refresh', 'v1']);
    expect(ofType('AWS::ApiGateway::Method')).toMatchObject([{ HttpMethod: 'POST' }]);
    expect(own.map(({ id }) => id)).toContain('acmeFunction');
    const answers = ofType('AWS::ApiGateway::GatewayResponse');
    expect(answers).toContainEqual(
      expect.objectContaining({
        ResponseType: 'THROTTLED',
        StatusCode: '429',
        ResponseTemplates: { 'application/json': '{"code":"too-many-requests"}' },
      }),
    );
    const eosAnswers = Object.entries<{ Type: string }>(Resources).filter(
      ([id, { Type }]) => id.startsWith('eos') && Type === 'AWS::ApiGateway::GatewayResponse',
    );
    expect(answers).toHaveLength(eosAnswers.length);
    expect(Outputs).toHaveProperty('AcmeUrl');
  });

  test('is held to the laws by the tests that list contracts, and by its own', async () => {
    const laws = [
      'test/unit/architecture.test.ts',
      'test/contracts/acme.test.ts',
      'test/wire/all/lambda.test.ts',
      'test/unit/lambda/response.test.ts',
      'test/infra/refresh-stack.test.ts',
      'test/local/gateway.test.ts',
      'test/openapi/',
    ];
    const report = join(copy, 'report.json');
    const reporter = ['--reporter=json', `--outputFile=${report}`];
    await well([process.execPath, join(bin, 'vitest'), 'run', ...reporter, ...laws]);
    const { numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    expect(numFailedTests).toBe(0);
    const titles = testResults.flatMap(
      ({ assertionResults }: { assertionResults: readonly { fullName: string }[] }) =>
        assertionResults.map(({ fullName }) => fullName),
    );
    for (const law of [
      'acme refusing revoked answers one JSON object',
      'the OpenAPI document of acme has the statuses and codes of the refuse table',
      'a route that no contract has answers GET /acme/v1/refresh in the words of acme',
      'acme before a storage that never answers says in time that it timed out',
      'the example of wrong-secret of acme is answered so, byte for byte',
      "API Gateway's own THROTTLED of acme is the example of its fault",
      'POST /acme/v1/refresh refuses a session that was ended',
    ])
      expect(titles.filter((title: string) => title.startsWith(law))).not.toEqual([]);
  });

  test('answers at the local endpoint, by the commands of the page', async () => {
    const anyPorts = { PORT: '0', DYNAMODB_PORT: '0' };
    const server = await listening(run([process.execPath, 'local/server.ts'], anyPorts, copy));
    const [, recipe = ''] = contributing.split('## Add a contract');
    const [, commands = ''] = /```sh\n([\s\S]*?)```/.exec(recipe) ?? [];
    const [open = '', curl = '', ...more] = commands.trimEnd().split('\n');
    expect(more).toEqual([]);
    const DYNAMODB_PORT = new URL(server.database).port;
    const opened = await well(['sh', '-c', open], { DYNAMODB_PORT });
    expect(JSON.parse(opened)).toMatchObject({ contract: 'acme', sessionId: 's-1', token: 't-1' });

    const here = curl.replace('http://127.0.0.1:3000', server.origin);
    expect(here).not.toBe(curl);
    const answered = await well(['sh', '-c', `${here} -w ' %{http_code}'`]);
    expect(answered).toMatch(/^\{"token":"t-1","expiresAt":\d+,"tools":\[\]\} 200$/);
  });
});

describe('what reads the recipe', () => {
  test('finds the blocks below the name of a file, and no other', () => {
    const text =
      '1. It.\n\n   `a/b.ts`\n\n   ```ts\n   one\n\n     two\n   ```\n\nThen:\n\n```sh\nno\n```\n';
    expect(blocksOf(text)).toEqual([{ file: 'a/b.ts', language: 'ts', text: 'one\n\n  two\n' }]);
  });

  test('refuses a diff of what is not there', () => {
    expect(patched('a\nb\n', ' a\n-b\n+c\n')).toBe('a\nc\n');
    expect(() => patched('a\n', '-b\n+c\n')).toThrow('not there once: b');
  });
});
