import { span } from './answer-text.ts';
import type { Terminal } from './terminal.ts';

/** The progress of an import, as one line in a terminal. Outside a terminal nothing is shown. */
export interface Progress {
  /**
   * Shows the number of lines, and their share of the file: 0 to 1, or `undefined` if it is not
   * known.
   */
  show(lines: number, share: number | undefined): void;
  /** Clears the line, so that other text may be printed. */
  clear(): void;
}

/** Shows the progress of an import on stderr, at most ten times a second. */
export function progress({ person, err, timer }: Terminal): Progress {
  if (!person.err) return { show: () => undefined, clear: () => undefined };
  const began = timer();
  let shown = Number.NEGATIVE_INFINITY;
  return {
    show(lines, share) {
      const now = timer();
      if (now - shown < 100) return;
      shown = now;
      err(`\r\x1b[K${progressText(lines, share, (now - began) / 1000)}`);
    },
    clear() {
      if (shown > began - 1) err('\r\x1b[K');
    },
  };
}

/** `[#########           ]  45 %  45,000 lines  812/s  1 min 8 s left`. */
export function progressText(lines: number, share: number | undefined, seconds: number): string {
  const rate = seconds > 0 ? Math.round(lines / seconds) : 0;
  const done = `${lines.toLocaleString('en')} lines  ${rate.toLocaleString('en')}/s`;
  if (share === undefined) return done;
  const bar = '#'.repeat(Math.floor(share * 20)).padEnd(20);
  const percent = String(Math.floor(share * 100)).padStart(3);
  const left = share > 0 ? `  ${span(Math.round((seconds / share) * (1 - share)))} left` : '';
  return `[${bar}] ${percent} %  ${done}${left}`;
}
