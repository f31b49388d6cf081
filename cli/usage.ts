// The texts of every command in one table, which the program, the completion and the tests read.
// That is why the file is over 150 lines.

import { Help } from 'commander';
import { sessionOwners } from '../functions/contracts.ts';

/** The usage of a command, without the options that every command has. */
export interface Usage {
  readonly summary: string;
  /** What `--help` prints below the options. */
  readonly details: string;
  readonly positionals: readonly Positional[];
  readonly options: readonly Option[];
  /** Commands that work while `npm start` runs, in this order, on the sessions that it opens. */
  readonly examples: readonly string[];
}

/** A positional argument of a command. */
export type Positional = 'contract' | 'sessionId' | 'subject' | 'file';

/** An option of a command, and the field of the command's input that it sets. */
export interface Option {
  readonly flags: string;
  readonly field: string;
  readonly help: string;
  readonly required?: true;
}

/** How the CLI is typed in this project. After `npm link`, `session-refresh` replaces this text. */
export const prompt = 'npm run -s sessions --';

const subject: Option = {
  flags: '--subject <subject>',
  field: 'subject',
  help: 'the person, for list and revoke-all, and the "sub" of ccstore; by default the session id',
};
const claims: Option = {
  flags: '--claims <json|@file>',
  field: 'claims',
  help: 'what the contract gives back, in the form below',
};
const secret: Option = {
  flags: '--secret <secret>',
  field: 'secret',
  help: 'the secret that another system issued; by default 32 random bytes',
};

/** The session of the `eos` document's sample, which `npm start` opens. */
const sample = '9a0b6679-c460-41a3-b26c-26e0d69538c6';

/** Every command. */
export const usages = {
  open: {
    summary: 'Open a session and print what its client holds',
    details: `The client must refresh before expiresAt.\n\n${claimsHelp()}`,
    positionals: ['contract'],
    options: [
      subject,
      claims,
      {
        flags: '--id <id>',
        field: 'sessionId',
        help: '1 to 128 of A-Z a-z 0-9 . _ -; by default a UUID',
      },
      secret,
      {
        flags: '--anonymous',
        field: 'anonymous',
        help: 'without a person, until `login` (eos only)',
      },
      {
        flags: '--token-lifetime <seconds>',
        field: 'tokenLifetime',
        help: 'how long each token lives (ccstore only)',
      },
    ],
    examples: [
      `${prompt} open eos --subject foo`,
      `${prompt} open s360 --id 4711 --secret my-session-token`,
      `${prompt} open ccstore --claims '{"iss":"storefrontUI"}'`,
      `${prompt} open eos --anonymous --id visitor`,
    ],
  },
  login: {
    summary: 'Log a person in to an anonymous session',
    details: `It prints what the client of the session holds from then on.\n\n${claimsHelp()}`,
    positionals: ['contract', 'sessionId'],
    options: [
      { ...subject, help: 'the person, for list and revoke-all', required: true },
      claims,
      secret,
    ],
    examples: [
      `${prompt} open eos --anonymous --id guest`,
      `${prompt} login eos guest --subject foo`,
    ],
  },
  show: {
    summary: 'Show the state and times of a session',
    details: 'The hash is the name that logs give the session.',
    positionals: ['contract', 'sessionId'],
    options: [],
    examples: [`${prompt} show eos ${sample}`, `${prompt} show eos ${sample} --json`],
  },
  list: {
    summary: 'List the sessions of a subject',
    details: 'On AWS a new session appears in the list after a few seconds.',
    positionals: ['contract', 'subject'],
    options: [],
    examples: [`${prompt} list eos 20004007594`],
  },
  revoke: {
    summary: 'End a session for good',
    details: 'The next refresh of the session is refused.',
    positionals: ['contract', 'sessionId'],
    options: [],
    examples: [`${prompt} revoke eos ${sample}`],
  },
  'revoke-all': {
    summary: 'End all sessions of a subject for good',
    details: `It ends the sessions that were opened before it began. On AWS the index of
subjects is seconds late, so it waits 2 to 20 seconds for it. On this machine it
does not wait.`,
    positionals: ['contract', 'subject'],
    options: [],
    examples: [`${prompt} revoke-all s360 601804`],
  },
  import: {
    summary: 'Import the live sessions of another system',
    details: `Each line of the file is a JSON object:

  id, subject, secret  the session, its person, and what its client presents
  claims               an object, as for \`open\`
  openedAt, endsAt     in seconds since 1970; by default as if opened now
  idleUntil            the same; not for ccstore, whose token ends its session
  tokenLifetime        in seconds; ccstore only

A time beyond the policy is cut to it. A session that is over is not written. An
id that exists is never overwritten: to continue an import that stopped, run it
again, and the lines that were written count as unchanged. Failed lines are
copied to FILE.failed.jsonl. That file holds secrets, like FILE.`,
    positionals: ['contract', 'file'],
    options: [
      { flags: '--rate <lines>', field: 'rate', help: 'the maximum number of lines per second' },
      { flags: '--dry-run', field: 'dryRun', help: 'check every line and write nothing' },
    ],
    examples: [
      `echo '{"id":"moved","subject":"foo","secret":"20004007594"}' |\n    ${prompt} import eos - --dry-run`,
      `echo '{"id":"moved","subject":"foo","secret":"20004007594"}' |\n    ${prompt} import eos -`,
    ],
  },
} as const satisfies Record<string, Usage>;

/** The name of a command. */
export type CommandName = keyof typeof usages;

/** What `--help` prints below the list of commands. */
export const overview = `
In a terminal the answer is a table, or one line per field. With --json, and
where stdout is not a terminal, it is one JSON object with stable fields
(docs/sessions.md lists them).

The commands work on the table that \`npm start\` serves. With --function NAME or
SESSION_ADMIN_FUNCTION they call that deployed Lambda (stack output
SessionAdminFunction).

Exit status: 0 done, 1 refused, 2 wrong usage, 3 sessions cannot be reached.`;

function claimsHelp(): string {
  const formats = sessionOwners.map(({ name, opening }) => {
    const format = new Help().boxWrap(opening.claimsFormat, 68);
    return `  ${name.padEnd(8)} ${format.replaceAll('\n', `\n${' '.repeat(11)}`)}`;
  });
  return `Claims are JSON:\n${formats.join('\n')}`;
}
