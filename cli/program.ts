import { Argument, Command } from 'commander';
import { sessionOwners } from '../functions/contracts.ts';
import { shells } from './completion.ts';
import { coloured, complain, type Terminal } from './terminal.ts';
import {
  type CommandName,
  overview,
  type Positional,
  prompt,
  type Usage,
  usages,
} from './usage.ts';

/** What a command line asks for. */
export interface Asked {
  readonly name: CommandName;
  /** What was typed, by the field names of `Usage`. */
  readonly given: Readonly<Record<string, string | true | undefined>>;
  /**
   * The deployed Lambda to call. Without one, the command works on the table that `npm start`
   * serves.
   */
  readonly lambda: string | undefined;
  /** Whether to print JSON even in a terminal. */
  readonly json: boolean;
}

/** What the command line runs. */
export interface Actions {
  run(asked: Asked): Promise<void>;
  /** Prints the script that completes commands in a shell. */
  completion(shell: string): void;
}

/**
 * Makes the command line. Its `parseAsync` throws CommanderError after it has printed help or an
 * error.
 */
export function program(terminal: Terminal, actions: Actions): Command {
  const root = new Command(prompt)
    .description('Open, show, import and end sessions.')
    .usage('<command> [options]')
    .addHelpText('after', overview)
    .helpCommand(false)
    .helpOption('-h, --help', 'print help for a command')
    .exitOverride()
    .configureHelp({
      styleTitle: (text) => coloured('bold', text, terminal.colour.out),
      subcommandTerm: (command) => command.name(),
    })
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
      getOutHasColors: () => terminal.colour.out,
      getErrHasColors: () => terminal.colour.err,
      outputError: (text) => complain(terminal, withoutValue(text.trimEnd())),
    });
  for (const name of Object.keys(usages) as CommandName[]) {
    const usage: Usage = usages[name];
    const command = root.command(name).summary(usage.summary).description(`${usage.summary}.`);
    for (const positional of usage.positionals) command.addArgument(argument[positional]());
    for (const { flags, help, required } of usage.options)
      required ? command.requiredOption(flags, help) : command.option(flags, help);
    command
      .option('--function <name>', 'call this deployed Lambda')
      .option('--json', 'print JSON in a terminal too')
      .showHelpAfterError(`usage: ${prompt} ${name} ${command.usage()}`)
      .addHelpText('after', `\n${usage.details}\n\n${examples(usage)}`)
      .action(() => actions.run(asked(name, usage, command, terminal)));
  }
  root
    .command('completion')
    .description('Print the script that completes commands in a shell.')
    .summary('Print the script that completes commands in a shell')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .addHelpText('after', completionHelp)
    .action((shell: string) => actions.completion(shell));
  return root;
}

const contractNames = sessionOwners.map(({ name }) => name);

const argument = {
  contract: () =>
    new Argument(`<${contractNames.join('|')}>`, 'the contract').choices(contractNames),
  sessionId: () => new Argument('<sessionId>', 'the id that `open` printed'),
  subject: () => new Argument('<subject>', 'the person that the sessions belong to'),
  file: () => new Argument('<file>', 'JSON Lines, one session per line; - is standard input'),
} as const satisfies Record<Positional, () => Argument>;

function asked(name: CommandName, usage: Usage, command: Command, { env }: Terminal): Asked {
  const options: Readonly<Record<string, string | true | undefined>> = command.opts();
  const given: Record<string, string | true | undefined> = {};
  for (const [at, positional] of usage.positionals.entries()) given[positional] = command.args[at];
  for (const { flags, field } of usage.options) {
    const option = command.options.find((one) => one.flags === flags);
    if (option) given[field] = options[option.attributeName()];
  }
  return {
    name,
    given,
    lambda: String(options.function ?? env.SESSION_ADMIN_FUNCTION ?? '') || undefined,
    json: options.json === true,
  };
}

/**
 * Removes `error:` from an error of commander, and the value of an option, which may be a secret.
 */
function withoutValue(text: string): string {
  return text
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/, '; did you mean `$1`?')
    .replace(/^(unknown option '(?:--[\w-]*|-\w)).*'(?=$|;)/s, "$1'");
}

function examples({ examples }: Usage): string {
  return `Examples, while npm start runs:\n${examples.map((line) => `  ${line}`).join('\n')}`;
}

const completionHelp = `
Run \`npm link\` once, so that session-refresh is a command. Then add a line to
the start-up file of your shell:

  eval "$(session-refresh completion bash)"      # ~/.bashrc
  eval "$(session-refresh completion zsh)"       # ~/.zshrc
  session-refresh completion fish | source       # ~/.config/fish/config.fish`;
