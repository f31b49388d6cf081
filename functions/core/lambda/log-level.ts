/** How loud a line is. */
export type Level = 'info' | 'warn' | 'error';

/**
 * Whether `LOG_LEVEL` lets a line of a level through: DEBUG, INFO, WARN, ERROR or SILENT, in any case;
 * INFO where it is none of them.
 */
export function isLogged(level: Level, logLevel: string | undefined): boolean {
  const least = order.indexOf((logLevel ?? '').toLowerCase());
  return order.indexOf(level) >= (least < 0 ? order.indexOf('info') : least);
}

const order: readonly string[] = ['debug', 'info', 'warn', 'error', 'silent'];
