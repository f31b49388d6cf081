import { type EpochSeconds, epochSeconds, readable } from '../functions/core/time.ts';
import { nameValueLines, table } from './table.ts';

/** What a command answered, for a person: a list as a table, anything else as a line a name. */
export function answerText(result: object, now: EpochSeconds): string {
  const fields = Object.entries(result).filter(([, value]) => value !== undefined);
  const { contract, subject, sessions } = result as Readonly<Record<string, unknown>>;
  if (!Array.isArray(sessions))
    return nameValueLines(fields.map(([name, value]) => [name, valueText(name, value, now)]));
  const title = nameValueLines([
    ['contract', String(contract)],
    ['subject', String(subject)],
  ]);
  return `${title}\n\n${sessions.length === 0 ? 'no sessions' : sessionTable(sessions)}`;
}

/** One row a session; `over` is when it was ended, or will be if nobody refreshes it. */
function sessionTable(sessions: readonly Readonly<Record<string, unknown>>[]): string {
  return table(
    ['session id', 'state', 'opened (utc)', 'refreshed (utc)', 'over (utc)'],
    sessions.map(({ sessionId, state, openedAt, refreshedAt, idleUntil, endsAt, revokedAt }) => [
      String(sessionId),
      String(state),
      moment(openedAt),
      moment(refreshedAt),
      moment(revokedAt ?? Math.min(Number(idleUntil), Number(endsAt))),
    ]),
  );
}

function moment(seconds: unknown): string {
  return typeof seconds === 'number' ? readable(epochSeconds(seconds)) : '';
}

/** Times are named `…At`, `…Until` and, in milliseconds, `…Time`; spans `…In` and `…Lifetime`. */
function valueText(name: string, value: unknown, now: EpochSeconds): string {
  if (typeof value !== 'number') return typeof value === 'string' ? value : JSON.stringify(value);
  if (/(In|Lifetime)$/.test(name)) return span(value);
  const seconds = /(At|Until)$/.test(name) ? value : /Time$/.test(name) ? value / 1000 : undefined;
  if (seconds === undefined) return String(value);
  const away = Math.round(seconds - now);
  const distance = away > 0 ? `in ${span(away)}` : away < 0 ? `${span(-away)} ago` : 'now';
  return `${moment(seconds)} UTC, ${distance}`;
}

/** `90 s`, `30 min`, `11 h 50 min`: the two largest units at most. */
function span(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor((seconds % 86_400) / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  const largest = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return largest.map(([count, unit]) => `${count} ${unit}`).join(' ');
}
