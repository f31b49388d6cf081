import { sessionOwners } from '../functions/contracts.ts';

const names = sessionOwners.map(({ name }) => name).join('|');

/** An option of a command that takes a value, and what the command calls it. */
export interface Option {
  readonly name: string;
  readonly input: 'subject' | 'claims' | 'sessionId' | 'secret' | 'anonymous' | 'tokenLifetime';
  readonly type: 'string' | 'boolean';
}

/** How a command is typed. */
export interface Usage {
  readonly line: string;
  readonly help: string;
  readonly positionals: readonly ('contract' | 'sessionId' | 'subject')[];
  readonly options: readonly Option[];
  /** What may be typed while `npm start` runs, one after the other; sessions are those that it opens. */
  readonly examples: readonly string[];
}

const subject: Option = { name: 'subject', input: 'subject', type: 'string' };
const claims: Option = { name: 'claims', input: 'claims', type: 'string' };
const secret: Option = { name: 'secret', input: 'secret', type: 'string' };

const claimsHelp = sessionOwners
  .map(({ name, opening }) => `      ${name.padEnd(8)} ${opening.claimsFormat}`)
  .join('\n');

/** The session of the `eos` document's sample, which `npm start` opens. */
const sample = '9a0b6679-c460-41a3-b26c-26e0d69538c6';

const personHelp = `  --claims JSON|@FILE  what the contract gives back, by default nothing of note:
${claimsHelp}
  --secret SECRET      the credential, where another system has given one out; by default 32 random bytes`;

/** Every command's. */
export const usages = {
  open: {
    line: `open <${names}> [--subject S] [--claims JSON|@FILE] [--id ID] [--secret SECRET] [--anonymous] [--token-lifetime SECONDS]`,
    help: `Opens a session and prints what its client holds.

  --subject S          whose it is: what list and revoke-all ask for, and ccstore's "sub"; by default its id
  --id ID              1 to 128 of A-Z a-z 0-9 . _ -; by default a UUID
${personHelp}
  --anonymous          nobody's until login (eos alone)
  --token-lifetime S   how long each token lives, in seconds (ccstore alone)`,
    positionals: ['contract'],
    options: [
      subject,
      claims,
      { name: 'id', input: 'sessionId', type: 'string' },
      secret,
      { name: 'anonymous', input: 'anonymous', type: 'boolean' },
      { name: 'token-lifetime', input: 'tokenLifetime', type: 'string' },
    ],
    examples: [
      'open eos --subject foo',
      'open s360 --id 4711 --secret my-session-token --subject foo',
      `open ccstore --token-lifetime 300 --claims '{"iss":"storefrontUI"}'`,
      'open eos --anonymous --id visitor',
    ],
  },
  login: {
    line: `login <${names}> <sessionId> --subject S [--claims JSON|@FILE] [--secret SECRET]`,
    help: `Makes an anonymous, unexpired session someone's and prints what its client holds.

  --subject S          whose it becomes
${personHelp}`,
    positionals: ['contract', 'sessionId'],
    options: [subject, claims, secret],
    examples: ['open eos --anonymous --id guest', 'login eos guest --subject foo'],
  },
  show: {
    line: `show <${names}> <sessionId>`,
    help: 'Prints the state and times of a session, and the hash by which logs name it.',
    positionals: ['contract', 'sessionId'],
    options: [],
    examples: [`show eos ${sample}`, `show eos ${sample} --json`],
  },
  list: {
    line: `list <${names}> <subject>`,
    help: 'Prints all sessions of a subject.',
    positionals: ['contract', 'subject'],
    options: [],
    examples: ['list eos 20004007594'],
  },
  revoke: {
    line: `revoke <${names}> <sessionId>`,
    help: 'Ends a session, at once and for good.',
    positionals: ['contract', 'sessionId'],
    options: [],
    examples: [`revoke eos ${sample}`],
  },
  'revoke-all': {
    line: `revoke-all <${names}> <subject>`,
    help: 'Ends all sessions of a subject, those too that the index shows seconds late, and prints how many.',
    positionals: ['contract', 'subject'],
    options: [],
    examples: ['revoke-all s360 601804'],
  },
} as const satisfies Record<string, Usage>;

const prompt = 'npm run -s sessions --';

/** What `--help` prints after a command. */
export function help({ line, help, examples }: Usage): string {
  const typed = examples.map((example) => `  ${prompt} ${example}`).join('\n');
  return `${prompt} ${line}\n\n${help}\n\n  --json               one JSON object, in a terminal too\n\nWhile npm start runs:\n\n${typed}`;
}

/** What `--help` prints without a command. */
export const overview = `Sessions, from the side that opens and ends them.

${Object.values(usages)
  .map(({ line }) => `  ${prompt} ${line}`)
  .join('\n')}

In a terminal the answer is a table, or a line for each name. With --json, and wherever stdout goes
elsewhere, it is one JSON object. Exit status: 0 done, 1 no such session or refused, 2 wrong usage,
3 the sessions can't be reached. It works on the table that \`npm start\` serves,
or with --function NAME (or SESSION_ADMIN_FUNCTION) by the deployed Lambda of that name.
A command followed by --help tells more.`;
