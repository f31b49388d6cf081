import type { Command } from 'commander';
import type { Env } from '../functions/core/env.ts';
import { prompt } from './usage.ts';

/**
 * Says what to type if npm consumed an option because `--` is missing before the command. npm sets
 * an environment variable for such an option. Without this check, an import with `--dry-run` would
 * write.
 */
export function swallowedByNpm(
  root: Command,
  args: readonly string[],
  env: Env,
): string | undefined {
  const command = root.commands.find((one) => one.name() === args[0]);
  if (env.npm_lifecycle_event !== 'sessions' || !command) return undefined;
  const taken = command.options.find(({ long }) => {
    const name = long?.slice('--'.length) ?? '';
    return env[`npm_config_${name.replaceAll('-', '_')}`] !== undefined && !isTyped(name, args);
  });
  return taken && `npm took ${taken.long} for itself; type: ${prompt} ${args[0]} … ${taken.long}`;
}

function isTyped(name: string, args: readonly string[]): boolean {
  return args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
}
