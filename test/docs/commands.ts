/** What it takes to run a command of a document. */
export type Kind =
  /** It is marked as needing an AWS account, or Docker. */
  | 'elsewhere'
  /** It serves until it is stopped. */
  | 'server'
  /** It runs every test there is, so no test runs it. */
  | 'suite'
  | 'here';

/** A command line, whole: where a line ends in a backslash, the next one belongs to it. */
export interface Command {
  readonly kind: Kind;
  readonly line: string;
}

/** The commands of each `sh` block of a Markdown text. */
export function commandsOf(markdown: string): readonly (readonly Command[])[] {
  return [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) =>
    block
      .replaceAll(/ *\\\n */g, ' ')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => ({ line, kind: kindOf(line) })),
  );
}

function kindOf(line: string): Kind {
  if (/ # (.*; )?needs (AWS|Docker)$/.test(line)) return 'elsewhere';
  if (/\bnpm start$/.test(line)) return 'server';
  return ['npm test', 'npm run check'].includes(line) ? 'suite' : 'here';
}

/** Whether it is marked by what it needs, if that is anything. */
export function isMarkedRightly({ kind, line }: Command): boolean {
  const needs = /^npx cdk (bootstrap|deploy|destroy)\b|^aws /.test(line)
    ? 'AWS'
    : /^(sam|docker) /.test(line)
      ? 'Docker'
      : undefined;
  return needs ? kind === 'elsewhere' && line.endsWith(`needs ${needs}`) : kind !== 'elsewhere';
}
