import { readFileSync } from 'node:fs';
import type { Input, Read } from '../functions/session-admin/fields.ts';
import type { Asked } from './program.ts';

/** The input of a command, and the options of `import` that only the CLI has. */
export interface CliInput extends Input {
  /** The file to import; `-` is standard input. */
  readonly file?: string;
  /** The maximum number of lines per second. */
  readonly rate?: number;
}

/**
 * Converts what was typed to the input of a command. Reads the file of `--claims` and validates
 * `--rate`; session-admin validates the rest.
 */
export function inputOf(given: Asked['given']): Read<CliInput> {
  const { claims, tokenLifetime, file, rate, ...rest } = given;
  const text = String(claims);
  if (claims !== undefined && text.startsWith('@')) {
    const read = readText(text.slice('@'.length));
    if (read === undefined) return { problem: '--claims: cannot read the file' };
    return inputOf({ ...given, claims: read });
  }
  if (rate !== undefined && !/^[1-9]\d{0,5}$/.test(String(rate)))
    return { problem: '--rate is a whole number from 1 to 999999' };
  return {
    value: {
      ...rest,
      ...(claims !== undefined && { claims }),
      ...(tokenLifetime !== undefined && { tokenLifetime: numberIn(String(tokenLifetime)) }),
      ...(file !== undefined && { file: String(file) }),
      ...(rate !== undefined && { rate: Number(rate) }),
    },
  };
}

/** The number in a text. Any other text is returned unchanged, and session-admin refuses it. */
function numberIn(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
