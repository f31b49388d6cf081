import { marked } from 'marked';
import type { Described } from '../document.ts';
import { escaped } from './html.ts';

/** Where a fact comes from. */
export function origin(part: Described): string {
  const word = part['x-origin'];
  return word ? `<span class="origin" data-origin="${escaped(word)}">${escaped(word)}</span>` : '';
}

/** A text to read as it is. It takes the keyboard's focus, since it may scroll. */
export function block(text: string, label: string): string {
  return `<pre tabindex="0" role="group" aria-label="${escaped(label)}">${escaped(text)}</pre>`;
}

/** Markdown as HTML. The documents are our own. Wide tables scroll, by the keyboard too. */
export function markdown(text = ''): string {
  return marked
    .parse(text, { async: false })
    .replaceAll(
      '<table>',
      '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>',
    )
    .replaceAll('</table>', '</table></div>')
    .replaceAll('<pre>', '<pre tabindex="0" role="group" aria-label="Example">');
}

/** One line of Markdown as HTML. */
export function inline(text = ''): string {
  return marked.parseInline(text, { async: false });
}
