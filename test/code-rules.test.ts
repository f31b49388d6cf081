import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Sources, sources, withoutStrings } from './support/imports.ts';

const project = sources(join(import.meta.dirname, '..'), [
  'client',
  'functions',
  'infra',
  'local',
  'test',
  'bench',
]);

/** What no code may say, where, and a line that would say it. */
const rules = [
  {
    what: 'only entry points read the environment',
    // local.ts makes this process's environment what it shall be.
    where:
      /^functions\/(?!core\/edge\/services\.ts|session-admin\/(services|cli|local)\.ts|[^/]+\/handler\.ts)/,
    broken: /\bprocess\b/,
    breach: ['functions/core/session/store.ts', 'const { AWS_REGION } = process.env;'],
  },
  {
    what: 'only entry points read the clock, which core/time.ts makes',
    where:
      /^functions\/(?!core\/time\.ts|core\/edge\/services\.ts|session-admin\/(services|cli)\.ts|[^/]+\/handler\.ts)/,
    broken: /\bsystemClock\b|\bDate\b|\bTemporal\b|\bperformance\b|\bhrtime\b/,
    breach: ['functions/core/session/policy.ts', 'const now = Date.now();'],
  },
  {
    what: 'the client takes the clock, chance and the network from its runtime alone',
    where: /^client\/(?!runtime\.ts)/,
    broken: /\bDate\.now\b|\bnew Date\b|\bperformance\b|\bMath\.random\b|\bglobalThis\b/,
    breach: ['client/keep-fresh.ts', 'const now = Date.now();'],
  },
  {
    what: 'the client says nothing, and throws nothing of its own',
    where: /^client\//,
    broken: /\bconsole\b|\bthrow new\b|\bnew \w*Error\b/,
    breach: ['client/attempt.ts', 'console.warn(request);'],
  },
  {
    what: 'a function imports what can be read in it',
    where: /^functions\//,
    broken: /\b(import|require)\((?!\s*'')|\bcreateRequire\b|\beval\b/,
    breach: ['functions/contracts.ts', 'await import(path);'],
  },
  {
    what: 'nothing is any',
    where: /^(client|functions|infra|local)\//,
    broken: /[:<|&,(=]\s*any\b|\bas any\b/,
    breach: ['functions/core/env.ts', 'const value: any = env[name];'],
  },
  {
    what: 'there are no enums and no namespaces',
    where: /./,
    broken: /\b(enum|namespace)\s+\w+\s*\{/,
    breach: ['functions/core/env.ts', 'enum Stage { dev, prod }'],
  },
  {
    what: 'no union has a default',
    where: /^(client|functions|infra|local)\//,
    broken: /\bdefault\s*:/,
    breach: ['functions/session-admin/cli.ts', 'default: return 1;'],
  },
  {
    what: 'there are no classes but constructs, stacks and errors',
    where: /^(client|functions|infra|local)\//,
    broken: /\bclass\s+(?!\w+ extends (Construct|Stack|NodejsFunction|Error)\b)/,
    breach: ['functions/core/edge/fault.ts', 'export class Faults extends Map {}'],
  },
  {
    what: 'a library is used through its public options',
    where: /^functions\//,
    broken: /@internal|middlewareStack|\.cork\(|\bas unknown as\b|\$metadata\s*[:=,]\s*\{/,
    breach: ['functions/core/session/store.ts', "client.middlewareStack.remove('logger');"],
  },
  {
    what: 'no file re-exports another',
    where: /./,
    broken: /^export\s+(type\s+)?(\*|\{[^}]*\}\s*from)/m,
    breach: ['functions/core/token/keys.ts', "export { required } from '../env.ts';"],
  },
  {
    what: 'nothing is exported by default',
    where: /./,
    broken: /\bexport\s+default\b/,
    breach: ['functions/core/env.ts', 'export default required;'],
  },
  {
    what: 'no test mocks a module',
    where: /^test\//,
    broken: /\bvi\s*\.\s*(do)?[mM]ock\s*\(/,
    breach: ['test/token/jwt.test.ts', "vi.mock('jose');"],
  },
] as const;

function breakers(files: Sources, { where, broken }: { where: RegExp; broken: RegExp }): string[] {
  return [...files]
    .filter(([path, text]) => where.test(path) && broken.test(withoutStrings(text)))
    .map(([path]) => path);
}

describe('all code', () => {
  test.for(rules)('obeys: $what', (rule) => {
    expect(breakers(project, rule)).toEqual([]);
  });

  test.for(rules)('would be caught breaking: $what', (rule) => {
    expect(breakers(new Map([rule.breach]), rule)).toEqual([rule.breach[0]]);
  });
});
