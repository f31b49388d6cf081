import { readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contracts } from '../functions/contracts.ts';
import { arrows, reach, type Sources, sources } from './support/imports.ts';

const root = join(import.meta.dirname, '..');
const project = sources(root, ['client', 'functions', 'infra', 'local', 'test', 'bench']);
const names = contracts.map(({ name }) => name).join('|');

/** What no import may be, written `<from> → <to>`, and an import that would be it. */
const arrowRules = [
  {
    what: 'core/brand.ts, time.ts and env.ts stand on nothing but each other',
    broken: /^functions\/core\/\w+\.ts → (?!functions\/core\/(brand|time)\.ts$)/,
    breach: 'functions/core/time.ts → functions/core/session/session.ts',
  },
  {
    what: 'core/session stands on brand, time and DynamoDB alone',
    broken:
      /^functions\/core\/session\/.* → (?!functions\/core\/(session\/|brand\.ts$|time\.ts$)|node:crypto$|@aws-sdk\/client-dynamodb$)/,
    breach: 'functions/core/session/store.ts → functions/core/edge/contract.ts',
  },
  {
    what: 'core/session knows no tokens',
    broken: /^functions\/core\/session\/.* → functions\/core\/token\//,
    breach: 'functions/core/session/policy.ts → functions/core/token/keys.ts',
  },
  {
    what: 'core/token stands on brand, time, env and where keys are kept',
    broken:
      /^functions\/core\/token\/.* → (?!functions\/core\/(token\/|brand\.ts$|time\.ts$|env\.ts$)|node:crypto$|@aws-sdk\/client-secrets-manager$)/,
    breach: 'functions/core/token/keys.ts → functions/core/session/session.ts',
  },
  {
    what: 'core/edge stands on core alone',
    broken:
      /^functions\/core\/edge\/.* → (?!functions\/core\/|node:crypto$|node:stream$|@middy\/core$|aws-lambda$|@aws-sdk\/client-dynamodb$|@aws-lambda-powertools\/)/,
    breach: 'functions/core/edge/services.ts → functions/contracts.ts',
  },
  {
    what: 'only keys, services and session-admin know the environment',
    broken:
      /^functions\/(?!core\/token\/keys\.ts|core\/edge\/services\.ts|session-admin\/).* → functions\/core\/env\.ts$/,
    breach: 'functions/eos/contract.ts → functions/core/env.ts',
  },
  {
    what: 'a contract stands on its own folder and core alone',
    broken: new RegExp(`^functions/(${names})/.* → (?!functions/\\1/|functions/core/)`),
    breach: 'functions/eos/contract.ts → functions/s360/contract.ts',
  },
  {
    what: 'a contract is a value: its handler alone knows what it runs on',
    broken: new RegExp(
      `^functions/(${names})/(?!handler\\.ts).* → functions/core/(edge/(services|refresh-handler)|session/(store|registry|conditional|item))\\.ts`,
    ),
    breach: 'functions/eos/contract.ts → functions/core/edge/services.ts',
  },
  {
    what: 'the list of contracts is made of contracts',
    broken: new RegExp(
      `^functions/contracts\\.ts → (?!functions/(${names})/contract\\.ts|functions/core/edge/contract\\.ts)`,
    ),
    breach: 'functions/contracts.ts → functions/eos/handler.ts',
  },
  {
    what: 'session-admin knows the contracts by their list',
    broken: new RegExp(`^functions/session-admin/.* → functions/(${names})/`),
    breach: 'functions/session-admin/commands.ts → functions/eos/contract.ts',
  },
  {
    what: 'the authorizer stands on nothing',
    broken: /^functions\/api-key\/.* → (?!aws-lambda$)/,
    breach: 'functions/api-key/handler.ts → functions/contracts.ts',
  },
  {
    what: 'nobody imports an entry point',
    broken: /^(functions|infra)\/.* → .*\/(handler|cli|server|app)\.ts$/,
    breach: 'infra/refresh-api.ts → functions/eos/handler.ts',
  },
  {
    what: 'core/session and the makers of services alone know DynamoDB',
    broken:
      /^functions\/(?!core\/session\/|core\/edge\/(services|dynamodb)\.ts|session-admin\/(cli|handler|services)\.ts).* → @aws-sdk\/(client|lib|util)-dynamodb$/,
    breach: 'functions/session-admin/commands.ts → @aws-sdk/client-dynamodb',
  },
  {
    what: 'one file knows Secrets Manager',
    broken:
      /^functions\/(?!core\/token\/secrets-manager\.ts).* → @aws-sdk\/client-secrets-manager$/,
    breach: 'functions/core/token/keys.ts → @aws-sdk/client-secrets-manager',
  },
  {
    what: 'no refresh Lambda can call a Lambda',
    broken: /^functions\/(?!session-admin\/|release-check\/).* → @aws-sdk\/client-lambda$/,
    breach: 'functions/core/edge/services.ts → @aws-sdk/client-lambda',
  },
  {
    what: 'one file per log knows Powertools',
    broken:
      /^functions\/(?!core\/edge\/telemetry\.ts|session-admin\/audit\.ts).* → @aws-lambda-powertools\//,
    breach: 'functions/core/edge/record.ts → @aws-lambda-powertools/logger',
  },
  {
    what: 'nobody brings the tracer: X-Ray needs none',
    broken: / → @aws-lambda-powertools\/(?!logger$|metrics$)/,
    breach: 'functions/core/edge/telemetry.ts → @aws-lambda-powertools/tracer',
  },
  {
    what: 'no function knows jose, by which the tests verify',
    broken: /^functions\/.* → jose/,
    breach: 'functions/core/token/legacy-jwt.ts → jose',
  },
  {
    what: 'the functions stand on nothing that is around them',
    broken: /^functions\/.* → (local|test|infra|bench)\//,
    breach: 'functions/core/edge/services.ts → local/keys.ts',
  },
  {
    what: 'infra and local stand on no tests and no benches, infra not on local',
    broken: /^(infra|local)\/.* → (test|bench)\/|^infra\/.* → local\//,
    breach: 'infra/app.ts → local/server.ts',
  },
  {
    what: 'the explorer is for npm start alone',
    broken:
      /^(?!local\/(server\.ts|explorer\/)|test\/).* → (local\/explorer\/|@scalar\/|playwright-core)/,
    breach: 'bench/serve.ts → local/explorer/explorer.ts',
  },
  {
    what: 'one file knows the renderer',
    broken: /^(?!local\/explorer\/renderer\.ts).* → @scalar\//,
    breach: 'local/server.ts → @scalar/fastify-api-reference',
  },
  {
    what: 'infra never calls AWS itself',
    broken: /^infra\/.* → (@aws-sdk|@smithy|aws-sdk)/,
    breach: 'infra/settings.ts → @aws-sdk/client-dynamodb',
  },
  {
    what: 'the client stands on itself alone',
    broken: /^client\/.* → (?!client\/)/,
    breach: 'client/eos.ts → functions/eos/contract.ts',
  },
  {
    what: 'no client is known to another, or to what they are made of',
    broken: new RegExp(`^client/.* → client/(${names})\\.ts$`),
    breach: 'client/eos.ts → client/s360.ts',
  },
  {
    what: 'what is deployed, and what serves it, stands on no client',
    broken: /^(functions|infra|local)\/.* → client\//,
    breach: 'functions/eos/contract.ts → client/eos.ts',
  },
  {
    what: 'the environment is process.env, where it can be seen',
    broken: /^functions\/.* → (node:)?(process|perf_hooks)$/,
    breach: 'functions/core/env.ts → node:process',
  },
] as const;

function brokenArrows(files: Sources, broken: RegExp): string[] {
  return arrows(files)
    .map(({ from, to }) => `${from} → ${to}`)
    .filter((arrow) => broken.test(arrow));
}

/** A file that has this one import, written as Biome would. */
function importing(arrow: string): Sources {
  const [from = '', to = ''] = arrow.split(' → ');
  const relative = posix.relative(posix.dirname(from), to);
  const ours = /^(client|functions|infra|local|test|bench)\//.test(to);
  const written = relative.startsWith('.') ? relative : `./${relative}`;
  return new Map([[from, `import { it } from '${ours ? written : to}';\n`]]);
}

describe('every import', () => {
  test.for(arrowRules)('obeys: $what', ({ broken }) => {
    expect(brokenArrows(project, broken)).toEqual([]);
  });

  test.for(arrowRules)('would be caught breaking: $what', ({ broken, breach }) => {
    expect(brokenArrows(importing(breach), broken)).toEqual([breach]);
  });
});

describe('the layout', () => {
  const folders = readdirSync(join(root, 'functions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

  test('has a handler in every folder of functions but core', () => {
    const deployed = folders.filter((name) => project.has(`functions/${name}/handler.ts`));
    expect(folders.filter((name) => !deployed.includes(name))).toEqual(['core']);
  });

  test('lists every contract that there is, each in the folder of its name', () => {
    const written = folders.filter((name) => project.has(`functions/${name}/contract.ts`));
    expect(written.sort()).toEqual(contracts.map(({ name }) => name).sort());
  });

  test('imports no file that is not there', () => {
    // What local/server.ts imports by a contract's name is checked above; tests are tsc's to check.
    const missing = arrows(project)
      .filter(({ from }) => !from.startsWith('test/'))
      .filter(
        ({ to }) => /^(client|functions|infra|local|test|bench)\//.test(to) && !to.includes('${'),
      )
      .filter(({ to }) => !project.has(to));
    expect(missing).toEqual([]);
  });

  test('keeps what infra reads at synthesis free of handlers and of the AWS SDK', () => {
    const starts = [...project.keys()].filter((path) => path.startsWith('infra/'));
    for (const start of ['functions/contracts.ts', ...starts]) {
      const found = [...reach(arrows(project), start)];
      expect(
        found.filter((to) =>
          /^@(aws-sdk|smithy|aws-lambda-powertools)|\/handler\.ts$|^@middy/.test(to),
        ),
      ).toEqual([]);
    }
  });

  test('has no circle of imports', () => {
    const all = arrows(project);
    const circular = [...project.keys()].filter((path) => reach(all, path).has(path));
    expect(circular).toEqual([]);
  });

  test('has no file called utils', () => {
    expect([...project.keys()].filter((path) => /\b(utils?|helpers?|misc)\b/i.test(path))).toEqual(
      [],
    );
  });
});
