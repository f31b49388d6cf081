import type { Command } from 'commander';

/** The shells that have a completion script. */
export const shells = ['bash', 'zsh', 'fish'] as const;

/**
 * The script that completes `session-refresh` in a shell. It gets the candidates from
 * `session-refresh complete -- WORDS`, so it never goes out of date. If there are no candidates,
 * the shell completes file names.
 */
export const completionScripts: Readonly<Record<string, string>> = {
  bash: `_session_refresh() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(session-refresh complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _session_refresh session-refresh`,
  zsh: `_session_refresh() {
  local -a found=("\${(@f)$(session-refresh complete -- "\${(@)words[2,CURRENT]}")}")
  [[ -n $found ]] && compadd -a found || _files
}
compdef _session_refresh session-refresh`,
  fish: `complete -c session-refresh -a '(session-refresh complete -- (commandline -opc)[2..] (commandline -ct))'`,
};

/** Returns the candidates for the last of `words`, which is the word that is being typed. */
export function candidates(program: Command, words: readonly string[]): readonly string[] {
  const [name, ...rest] = words;
  const typed = words.at(-1) ?? '';
  const command = program.commands.find((one) => one.name() === name);
  if (!command || rest.length === 0)
    return startingWith(typed, words.length > 1 ? [] : program.commands.map((one) => one.name()));
  if (takesValue(command, rest.at(-2))) return [];
  if (typed.startsWith('-'))
    return startingWith(typed, [...command.options.map(({ long }) => long ?? ''), '--help']);
  const before = rest.slice(0, -1);
  const positionals = before.filter(
    (word, at) => !word.startsWith('-') && !takesValue(command, before[at - 1]),
  );
  return startingWith(typed, command.registeredArguments[positionals.length]?.argChoices ?? []);
}

function takesValue(command: Command, word: string | undefined): boolean {
  return command.options.some(({ long, required }) => required && long === word);
}

function startingWith(typed: string, words: readonly string[]): readonly string[] {
  return words.filter((word) => word.startsWith(typed));
}
