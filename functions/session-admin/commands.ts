import type { Command } from './command.ts';
import { revoke, revokeAll } from './end.ts';
import { importSessions } from './import.ts';
import { login, open } from './open.ts';
import { list, show } from './show.ts';

/** Every command, by its name. */
export const commands = {
  open,
  login,
  show,
  list,
  revoke,
  'revoke-all': revokeAll,
  import: importSessions,
} as const satisfies Record<string, Command>;
