import { curlOf, type Demo } from './demo.ts';

/** What `npm start` tells once it listens. */
export interface Ready {
  readonly origin: string;
  /** The URL of the table. */
  readonly table: string;
  /** Whether the table ends with the server. */
  readonly inMemory: boolean;
  readonly demos: readonly Demo[];
  /** The origins that `--origin` allows. */
  readonly origins: readonly string[];
  /** The command that opens more sessions. */
  readonly openCommand: string;
}

/** The screen of `npm start`. Every command stands on one line, complete, so that it can be pasted. */
export function screen({ origin, table, inMemory, demos, origins, openCommand }: Ready): string {
  return [
    `session-refresh listens on ${origin}, its table on ${table}\n`,
    `Explorer: ${origin}/ (try every contract in a browser)\n`,
    ...demos.map((demo) => `${title(demo)}\n${curlOf(demo, origin)}\n`),
    `Open more sessions, from any shell:\n${openCommand}\n`,
    ...(origins.length > 0 ? [`Pages of ${origins.join(', ')} may call the contracts.\n`] : []),
    `${ending(inMemory)}\nnpm start -- --help lists the options.\n`,
  ].join('\n');
}

/** `ccstore: POST /ccstore/v1/refresh (this token is valid for 15 minutes; each answer has a new one)` */
function title({ contract, held }: Demo): string {
  const { name, path, signs, body } = contract;
  const minutes = typeof held.expiresIn === 'number' ? Math.floor(held.expiresIn / 60) : undefined;
  const bearer = signs && body === 'none';
  const limit = bearer
    ? ` (this token is valid for ${minutes} minutes; each answer has a new one)`
    : ` (refresh it within ${minutes} minutes)`;
  return `${name}: POST ${path}${minutes === undefined ? '' : limit}`;
}

function ending(inMemory: boolean): string {
  return inMemory
    ? 'Ctrl-C stops the server and deletes its sessions; npm start -- --data DIR keeps them.'
    : 'Ctrl-C stops the server; its sessions are kept.';
}
