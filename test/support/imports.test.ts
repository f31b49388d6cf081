import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { arrows, reach, sources, withoutComments, withoutStrings } from './imports.ts';

/** The imports of one file of this text, as `to`, or `type to` where nothing of it runs. */
function of(text: string, from = 'functions/eos/contract.ts'): string[] {
  return arrows(new Map([[from, text]])).map(({ to, typeOnly }) => (typeOnly ? `type ${to}` : to));
}

describe('arrows', () => {
  test.for([
    { what: 'a name', text: "import { a } from '../s360/contract.ts';" },
    { what: 'a default', text: "import a from '../s360/contract.ts';" },
    { what: 'a default and names', text: "import a, { b as c } from '../s360/contract.ts';" },
    { what: 'everything', text: "import * as a from '../s360/contract.ts';" },
    { what: 'nothing but its doing', text: "import '../s360/contract.ts';" },
    {
      what: 'names on lines of their own',
      text: "import {\n  a,\n  b,\n} from '../s360/contract.ts';",
    },
    { what: 'a type among names', text: "import { type A, b } from '../s360/contract.ts';" },
    { what: 'names to give on', text: "export { a } from '../s360/contract.ts';" },
    { what: 'everything to give on', text: "export * from '../s360/contract.ts';" },
    { what: 'everything to give on by a name', text: "export * as a from '../s360/contract.ts';" },
    { what: 'in double quotes', text: 'import { a } from "../s360/contract.ts";' },
    { what: 'when it is needed', text: "  const { a } = await import('../s360/contract.ts');" },
    { what: 'by a template', text: '  await import(`../s360/contract.ts`);' },
    { what: 'a type where it is needed', text: "type A = import('../s360/contract.ts').A;" },
    { what: 'as CommonJS does', text: "  const a = require('../s360/contract.ts');" },
    { what: 'after another', text: "import 'x';\nimport { a } from '../s360/contract.ts';" },
    { what: 'after a comment with a path', text: "/* a/* */\nimport '../s360/contract.ts';" },
  ])('finds the import of $what', ({ text }) => {
    expect(of(text)).toContain('functions/s360/contract.ts');
  });

  test('tells an import of types from one that runs', () => {
    expect(of("import type { A } from './a.ts';")).toEqual(['type functions/eos/a.ts']);
    expect(of("export type { A } from './a.ts';")).toEqual(['type functions/eos/a.ts']);
    expect(of("import { type A } from './a.ts';")).toEqual(['functions/eos/a.ts']);
  });

  test('names packages as they are written', () => {
    expect(of("import 'node:crypto';\nimport { B } from '@aws-sdk/b';")).toEqual([
      'node:crypto',
      '@aws-sdk/b',
    ]);
  });

  test.for([
    { what: 'a comment', text: "// import './a.ts';\n/* import './a.ts'; */" },
    { what: 'a comment of several lines', text: "/**\nimport './a.ts';\n*/" },
    { what: 'a constant', text: "export const from = './a.ts';" },
    { what: 'a type', text: "export type A = './a.ts';" },
    { what: 'a call', text: "const bytes = Buffer.from('./a.ts');" },
  ])('finds no import in $what', ({ text }) => {
    expect(of(text)).toEqual([]);
  });

  test('finds every import of the project’s own code', () => {
    const project = sources(join(import.meta.dirname, '../..'), ['functions', 'infra', 'local']);
    expect(project.size).toBeGreaterThan(30);
    for (const [path, text] of project) {
      const code = withoutComments(text);
      const written =
        code.match(/\bfrom ['"]|\bimport ['"]|\b(import|require|require\.resolve)\(['"`]/g) ?? [];
      expect([path, of(text, path).length]).toEqual([path, written.length]);
    }
  });
});

describe('reach', () => {
  const files = new Map([
    ['a.ts', "import './b.ts';\nimport type { D } from './d.ts';"],
    ['b.ts', "import { c } from './c.ts';"],
    ['c.ts', "import './b.ts';\nimport 'package';"],
    ['d.ts', "import 'other';"],
  ]);

  test('follows imports that run, in circles too, and types nowhere', () => {
    expect([...reach(arrows(files), 'a.ts')].sort()).toEqual(['b.ts', 'c.ts', 'package']);
  });

  test('has a file in its own reach where the imports go in a circle', () => {
    const circular = [...files.keys()].filter((path) => reach(arrows(files), path).has(path));
    expect(circular).toEqual(['b.ts', 'c.ts']);
  });
});

describe('code without comments', () => {
  test('keeps what only looks like one', () => {
    const code =
      "const a = 'https://x/*';\nconst b = `x/*`; // gone\nconst c = /[a/]*/; /* gone */";
    expect(withoutComments(code)).toBe(
      "const a = 'https://x/*';\nconst b = `x/*`; \nconst c = /[a/]*/; ",
    );
  });

  test('keeps the code between its strings, which it empties', () => {
    expect(withoutStrings("f('a: any', \"b\", 'it\\'s', process.env);")).toBe(
      "f('', '', '', process.env);",
    );
  });
});
