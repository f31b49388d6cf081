import { errorRecord } from '../core/lambda/error-record.ts';
import { audit, commandRecord } from './audit.ts';
import type { Answer } from './command.ts';
import { commands } from './commands.ts';
import type { Input } from './fields.ts';
import { inputs } from './input.ts';
import { adminServices } from './services.ts';

/** What this Lambda is called with: a command's name, and what the command takes. */
export type AdminEvent = Input & { readonly command?: unknown };

/**
 * The commands of session-admin as a Lambda. No API leads to it: IAM alone says who may call it. The
 * answer is the command's; what storage or keys throw fails the call, by its kind alone: a message may
 * quote what was given.
 */
export async function handler({ command, ...input }: AdminEvent): Promise<Answer> {
  if (typeof command !== 'string' || !Object.hasOwn(commands, command)) {
    const names = Object.keys(commands).join(', ');
    return { outcome: 'invalid', problem: `there is no such command; there are ${names}` };
  }
  const name = command as keyof typeof commands;
  const known = new Set<string>(inputs[name]);
  // A word misspelt would open another session than the one that was meant.
  if (!Object.keys(input).every((given) => known.has(given)))
    return { outcome: 'invalid', problem: `${name} takes ${[...known].join(', ')}` };
  try {
    const answer = await commands[name](input, services);
    log.done(await commandRecord(name, input, answer, services.keys));
    return answer;
  } catch (error) {
    log.failed(name, error);
    throw Object.assign(new Error(`${name} failed; its log says more`), {
      name: errorRecord(error).name,
    });
  }
}

const log = audit();
const services = adminServices(process.env, log.unread);
