/** The level of a log line. */
export type Level = 'info' | 'warn' | 'error';

/**
 * Whether a line of this level is written. `LOG_LEVEL` is DEBUG, INFO, WARN, ERROR or SILENT, in
 * upper or lower case. Any other value counts as INFO.
 */
export function isLogged(level: Level, logLevel: string | undefined): boolean {
  const least = order.indexOf((logLevel ?? '').toLowerCase());
  return order.indexOf(level) >= (least < 0 ? order.indexOf('info') : least);
}

const order: readonly string[] = ['debug', 'info', 'warn', 'error', 'silent'];
