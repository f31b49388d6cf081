import { CommanderError } from 'commander';
import { candidates, completionScripts } from './completion.ts';
import { swallowedByNpm } from './npm.ts';
import { program } from './program.ts';
import { complain, print, type Terminal } from './terminal.ts';

/**
 * Runs one command line and returns its exit status: 0 done, 1 refused, 2 wrong usage, 3 sessions
 * can't be reached. The result goes to stdout, everything else to stderr.
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  let status = 0;
  const root = program(terminal, {
    async run(asked) {
      // Loads the AWS SDK only now, so that help and completion are fast.
      const { run } = await import('./run.ts');
      status = await run(asked, terminal);
    },
    completion: (shell) => print(terminal, completionScripts[shell] ?? ''),
  });
  const [name, ...words] = args;
  if (name === undefined) {
    root.outputHelp();
    return 0;
  }
  if (name === 'complete' && words[0] === '--') {
    for (const word of candidates(root, words.slice(1))) print(terminal, word);
    return 0;
  }
  const swallowed = swallowedByNpm(root, args, terminal.env);
  if (swallowed) {
    complain(terminal, swallowed);
    return 2;
  }
  try {
    await root.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}
