import { contracts } from '../functions/contracts.ts';
import type { State } from '../functions/core/session/policy.ts';
import { type EpochSeconds, epochSeconds, readable } from '../functions/core/time.ts';
import { nameValueLines, type Style, table } from './table.ts';
import { coloured } from './terminal.ts';

/**
 * Formats a command's answer for a person: a list as a table, any other answer as one line per
 * field.
 */
export function answerText(result: object, now: EpochSeconds, colours = false): string {
  const fields = Object.entries(result).filter(([, value]) => value !== undefined);
  const { contract, subject, sessions } = result as Readonly<Record<string, unknown>>;
  const style = styleOf(colours);
  if (!Array.isArray(sessions))
    return nameValueLines(
      fields.map(([name, value]) => [name, valueText(name, value, now)]),
      style,
    );
  const title = nameValueLines(
    [
      ['contract', String(contract)],
      ['subject', String(subject)],
    ],
    style,
  );
  const rows = sessions.length === 0 ? 'no sessions' : sessionTable(sessions, now, style);
  return `${title}\n\n${rows}`;
}

/** The paths that the client of a new session calls to refresh it. */
export function refreshPaths(result: object): string {
  const { contract } = result as Readonly<Record<string, unknown>>;
  const paths = contracts.filter(({ serves }) => serves === contract).map(({ path }) => path);
  return `\nThe client refreshes it by:\n${paths.map((path) => `  POST ${path}`).join('\n')}`;
}

/**
 * One row per session. `over` is when the session was revoked, or when it ends if it is not
 * refreshed.
 */
function sessionTable(
  sessions: readonly Readonly<Record<string, unknown>>[],
  now: EpochSeconds,
  style: Style,
): string {
  return table(
    ['session id', 'state', 'opened', 'refreshed', 'over (utc)', 'over'],
    sessions.map(({ sessionId, state, openedAt, refreshedAt, idleUntil, endsAt, revokedAt }) => {
      const ends = endsAt === undefined ? undefined : Math.min(Number(idleUntil), Number(endsAt));
      const over = revokedAt ?? ends;
      return [
        String(sessionId),
        String(state),
        distance(openedAt, now),
        distance(refreshedAt, now),
        moment(over),
        distance(over, now),
      ];
    }),
    style,
  );
}

/** Headings and names are bold, and states have a colour. */
function styleOf(colours: boolean): Style {
  return (text, { heading }) => {
    if (heading) return coloured('bold', text, colours);
    const state = text.trim();
    return Object.hasOwn(stateColours, state)
      ? coloured(stateColours[state as keyof typeof stateColours], text, colours)
      : text;
  };
}

const stateColours = {
  active: 'green',
  anonymous: 'cyan',
  revoked: 'red',
  'idle-too-long': 'yellow',
  'lifetime-over': 'yellow',
  damaged: 'red',
} as const satisfies Record<State | 'damaged', Parameters<typeof coloured>[0]>;

function moment(seconds: unknown): string {
  return typeof seconds === 'number' ? readable(epochSeconds(seconds)) : '';
}

/** `in 20 min`, `5 min ago` or `now`. */
function distance(seconds: unknown, now: EpochSeconds): string {
  if (typeof seconds !== 'number') return '';
  const away = Math.round(seconds - now);
  return away > 0 ? `in ${span(away)}` : away < 0 ? `${span(-away)} ago` : 'now';
}

/**
 * The field's name tells what a number is. `…At` and `…Until` are times in seconds, `…Time` in
 * milliseconds; `…In` and `…Lifetime` are durations in seconds.
 */
function valueText(name: string, value: unknown, now: EpochSeconds): string {
  if (typeof value !== 'number') return typeof value === 'string' ? value : JSON.stringify(value);
  if (/(In|Lifetime)$/.test(name)) return span(value);
  const seconds = /(At|Until)$/.test(name) ? value : /Time$/.test(name) ? value / 1000 : undefined;
  if (seconds === undefined) return String(value);
  return `${moment(seconds)} UTC, ${distance(seconds, now)}`;
}

/** `90 s`, `30 min`, `11 h 50 min`: the two largest units at most. */
export function span(seconds: number): string {
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
