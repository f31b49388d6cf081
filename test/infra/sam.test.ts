import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { keyFile } from '../../cli/local.ts';
import { contracts } from '../../functions/contracts.ts';
import { localKeyFile } from '../../local/keys.ts';
import { resources, synthesized } from './synthesis.ts';

/** The variables of a contract's function, found by the name that the README types. */
function variables(stage: 'dev' | 'prod', name: string): Record<string, unknown> {
  const functions = resources(synthesized({}, stage), 'AWS::Lambda::Function');
  const [, found] = functions.find(([id]) => id === `${name}Function`) ?? [];
  const environment = found?.Properties.Environment;
  return { ...(environment as { Variables: object }).Variables };
}

describe('sam local', () => {
  // It hands over what the template names, and drops the rest without a word.
  test.for(contracts)('can set every variable that sam-env prints, for $name', ({ name }) => {
    localKeyFile(keyFile);
    const printed = execFileSync(process.execPath, ['local/sam-env.ts'], { encoding: 'utf8' });
    const { Parameters } = JSON.parse(printed);
    expect(Object.keys(variables('dev', name))).toEqual(
      expect.arrayContaining(Object.keys(Parameters)),
    );
  });

  test.for(contracts)('adds no variables in prod, for $name', ({ name }) => {
    expect(Object.keys(variables('prod', name)).toSorted()).toEqual([
      'METRICS_NAMESPACE',
      'PRIME',
      'SESSION_POLICIES',
      'SESSION_SECRETS',
      'SESSION_TABLE',
    ]);
  });

  test('is described in the README with function names of the template', () => {
    const readme = readFileSync('README.md', 'utf8');
    const named = new Set(readme.match(/\b\w+Function\b/g));
    const ids = resources(synthesized(), 'AWS::Lambda::Function').map(([id]) => id);
    // An output, whose Lambda has another name.
    named.delete('SessionAdminFunction');
    expect(named.size).toBeGreaterThan(0);
    expect([...named].filter((name) => !ids.includes(name))).toEqual([]);
  });
});
