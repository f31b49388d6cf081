import type { Contract } from '../core/contract/contract.ts';
import type { Keys } from '../core/keys/keys.ts';
import { errorRecord } from '../core/lambda/error-record.ts';
import { audit, commandRecord } from './audit.ts';
import type { Answer } from './command.ts';
import { commands } from './commands.ts';
import type { Input } from './fields.ts';
import { inputs } from './input.ts';
import { adminServices } from './services.ts';

/** The event of this Lambda: the name of a command, and the command's input. */
export type AdminEvent = Input & { readonly command?: unknown };

/**
 * The Lambda of session-admin. It is not behind API Gateway; IAM decides who may invoke it. It
 * returns the command's answer. If storage or keys fail, the invocation fails with the error's name
 * only, because the message can quote the input.
 */
export async function handler({ command, ...input }: AdminEvent): Promise<Answer> {
  if (typeof command !== 'string' || !Object.hasOwn(commands, command)) {
    const names = Object.keys(commands).join(', ');
    return { outcome: 'invalid', problem: `there is no such command; there are ${names}` };
  }
  const name = command as keyof typeof commands;
  const known = new Set<string>(inputs[name]);
  // If a misspelt field were ignored, `open` would open a different session than intended.
  if (!Object.keys(input).every((given) => known.has(given)))
    return { outcome: 'invalid', problem: `${name} takes ${[...known].join(', ')}` };
  // A command is for one contract. Its log line uses the keys of the command: what is done must be
  // answered, even if the keys have become too old meanwhile and cannot be read.
  let read: Promise<Keys> | undefined;
  const keys = (contract: Contract) => {
    read ??= services.keys(contract);
    return read;
  };
  try {
    const answer = await commands[name](input, { ...services, keys });
    log.done(await commandRecord(name, input, answer, keys));
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
