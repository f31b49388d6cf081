import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A block of a Markdown text, and the file that the line before it names. */
export interface Block {
  readonly file: string;
  readonly language: string;
  readonly text: string;
}

/** Every fenced block of a Markdown text that belongs to a file: to the last one that stood alone on a line. */
export function blocksOf(markdown: string): readonly Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  let file: string | undefined;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    file = /^ *`([\w/.-]+\.\w+)`$/.exec(line)?.[1] ?? file;
    const [, indent = '', language = ''] = /^( *)```(\w+)$/.exec(line) ?? [];
    if (!language) {
      // Prose in between: what follows is another matter.
      if (/^ *(\d+\.|#|[A-Za-z])/.test(line)) file = undefined;
      continue;
    }
    const end = lines.indexOf(`${indent}\`\`\``, at);
    const text = lines.slice(at + 1, end).map((one) => one.slice(indent.length));
    if (file) blocks.push({ file, language, text: `${text.join('\n')}\n` });
    at = end;
  }
  return blocks;
}

/**
 * A text with a diff in it done, whose context and removed lines must be there, once.
 * @throws Error where they are not
 */
export function patched(text: string, diff: string): string {
  const lines = diff.trimEnd().split('\n');
  const without = (mark: string) =>
    lines
      .filter((line) => !line.startsWith(mark))
      .map((line) => `${line.slice(1)}\n`)
      .join('');
  const [before, after] = [without('+'), without('-')];
  if (text.split(before).length !== 2) throw new Error(`this is not there once: ${before}`);
  return text.replace(before, () => after);
}

/** Does in a folder what the blocks say. */
export function follow(blocks: readonly Block[], folder: string): void {
  for (const { file, language, text } of blocks) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, language === 'diff' ? patched(readFileSync(path, 'utf8'), text) : text);
  }
}
