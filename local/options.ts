import { parseArgs } from 'node:util';

/** What `npm start` is asked for. */
export interface Options {
  /** The folder that keeps the table; in memory where it is absent. */
  readonly data?: string;
  /** Origins whose pages may call the contracts (CORS). */
  readonly origins: readonly string[];
}

/**
 * Reads the arguments of `npm start`.
 * @throws Error of one line that names the wrong argument
 */
export function readOptions(args: string[]): Options | 'help' {
  const { data, origin = [], help } = parsed(args);
  if (help) return 'help';
  for (const text of origin)
    if (!isOrigin(text))
      throw new Error(
        `--origin: "${text}" is not an origin; expected scheme://host[:port] without a path, for example http://localhost:5173`,
      );
  return { ...(data !== undefined && { data }), origins: origin };
}

function parsed(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        data: { type: 'string' },
        origin: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new Error(`${problem.replaceAll('\n', ' ')} (npm start -- --help lists the options)`);
  }
}

/** An origin as a browser sends it: https://url.spec.whatwg.org/#concept-url-origin */
function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** The answer to `npm start -- --help`. */
export const help = `Serves every contract on this machine, over an embedded DynamoDB.

Usage: npm start -- [options]

  --data DIR      Keep the table in this folder. Without it, it is in memory.
  --origin URL    Let pages of this origin call (CORS). Repeatable.
  -h, --help      Show this text.

Environment:
  PORT                       port of the contracts and of the explorer (3000)
  DYNAMODB_PORT              port of the table (8000)
  DYNAMODB_HOST              address of the table (127.0.0.1)
  SESSION_TABLE              name of the table (sessions)
  AWS_ENDPOINT_URL_DYNAMODB  use the DynamoDB at this URL, not the embedded one
  SESSION_POLICIES           policies as JSON: {"eos":{"rotation":{"grace":60}}}
  LOG_LEVEL                  DEBUG, INFO, WARN, ERROR or SILENT (INFO)
  NO_COLOR                   print no colours

Examples:
  npm start
  npm start -- --data .local/table
  npm start -- --origin http://localhost:5173

docs/run-locally.md has the rest.`;
