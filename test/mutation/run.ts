/**
 * Breaks one rule of the product at a time, in a copy of it, and runs the suite that must go red:
 * `node test/mutation/run.ts [words of a name or a file]`. Prints the table that is in
 * docs/security.md; fails where a mutant survives, or can't be made.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Mutant, mutants } from './mutants.ts';

const root = join(import.meta.dirname, '..', '..');
const words = process.argv.slice(2).join(' ');
const chosen = mutants.filter(({ name, file }) => `${file} ${name}`.includes(words));
const copy = mkdtempSync(join(tmpdir(), 'mutation-'));

try {
  copyProject();
  const suites = [...new Set(chosen.map(({ suite }) => suite))];
  // A suite that is red already shows nothing.
  const sound = run(suites);
  if (sound !== 'green') throw new Error(`the suites are ${sound} before anything is broken`);

  const outcomes = chosen.map((mutant) => {
    const outcome = outcomeOf(mutant);
    console.error(`${outcome}: ${mutant.file}: ${mutant.name}`);
    return { ...mutant, outcome };
  });
  console.log('| broken rule | file | suite | |\n| --- | --- | --- | --- |');
  for (const { name, file, suite, outcome } of outcomes)
    console.log(`| ${name} | \`${file}\` | \`${suite}\` | ${outcome} |`);
  const red = outcomes.filter(({ outcome }) => outcome === 'red').length;
  console.log(`\n${red} of ${outcomes.length} red.`);
  process.exitCode = red === outcomes.length && red > 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** What git knows or would add, as it stands; the packages stay where they are. */
function copyProject(): void {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of listed.split('\0')) {
    if (file === '' || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
}

function outcomeOf({ file, from, to, suite }: Mutant): string {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  const [before, after, ...more] = text.split(from);
  if (before === undefined || after === undefined || more.length > 0) return 'DOES NOT APPLY';
  writeFileSync(path, before + to + after);
  const outcome = run([suite]);
  writeFileSync(path, text);
  return outcome === 'green' ? 'SURVIVED' : outcome;
}

/** Red is a test that failed: a file that can't be read or a suite that can't start is not. */
function run(suites: readonly string[]): 'green' | 'red' | 'BROKEN' {
  const report = join(copy, 'mutation-report.json');
  rmSync(report, { force: true });
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  const reporting = ['--reporter=json', `--outputFile=${report}`];
  // Without Java on the path the embedded engine serves alone, which is enough to tell, and sooner.
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', '--bail=1', ...reporting, ...suites],
    {
      cwd: copy,
      env: { ...process.env, PATH: dirname(process.execPath), REQUIRE_DYNAMODB_LOCAL: '' },
      stdio: 'ignore',
    },
  );
  if (!existsSync(report)) return 'BROKEN';
  const { numFailedTests, numPassedTests } = JSON.parse(readFileSync(report, 'utf8'));
  if (status === 0 && numPassedTests > 0) return 'green';
  return numFailedTests > 0 ? 'red' : 'BROKEN';
}
