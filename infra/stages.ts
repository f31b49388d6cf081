import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Settings } from './settings.ts';
import { settingsProblem } from './settings-problem.ts';

/** A stage: its name, which is the name of its file, and its settings. */
export interface Stage {
  readonly name: string;
  readonly settings: Settings;
}

/** Why there is no such stage, or what is wrong with its settings, in one sentence. */
export interface Problem {
  readonly problem: string;
}

/** Reads the stage `<name>.ts` of a folder, by default `infra/stages`. */
export async function readStage(name: unknown, folder = stagesFolder): Promise<Stage | Problem> {
  const names = stageNames(folder);
  const allowed = names.join(', ');
  if (name === undefined)
    return { problem: `No stage is given; pass -c stage=<name> with one of ${allowed}.` };
  if (typeof name !== 'string' || !names.includes(name))
    return { problem: `Stage ${name} has no file in infra/stages; expected one of ${allowed}.` };
  if (!pattern.test(name))
    return {
      problem: `infra/stages/${name}.ts: a stage's name has at most 30 of a-z, 0-9 and -, and starts with a letter.`,
    };
  let settings: Settings;
  try {
    ({ settings } = await import(pathToFileURL(join(folder, `${name}.ts`)).href));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : error;
    return { problem: `infra/stages/${name}.ts can't be read: ${reason}` };
  }
  const problem = settingsProblem(settings);
  return problem ? { problem: `infra/stages/${name}.ts: ${problem}.` } : { name, settings };
}

/** The name becomes part of the stack's name, and with it of most resources' names. */
const pattern = /^[a-z][a-z0-9-]{0,29}$/;

const stagesFolder = join(import.meta.dirname, 'stages');

/** The names of a folder's stages. */
function stageNames(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .toSorted();
}
