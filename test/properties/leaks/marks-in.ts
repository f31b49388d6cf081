import { marks } from './marked.ts';

/**
 * Which of the marks are in a text: as they are, in JSON, in base64 (wherever in it they begin), in
 * base64url, in hex, or as a URL or a form would write them.
 */
export function marksIn(text: string): string[] {
  const known = Object.entries(marks).flatMap(([name, mark]) =>
    name === 'claims' ? [[name, 'mark-claim-Ns28']] : [[name, String(mark)]],
  ) as [string, string][];
  return known
    .filter(([, mark]) => forms(mark).some((form) => text.includes(form)))
    .map(([n]) => n);
}

/** The ways in which a mark may be written. */
export function forms(mark: string): readonly string[] {
  const bytes = Buffer.from(mark);
  return [
    mark,
    JSON.stringify(mark).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    encodeURIComponent(mark),
    new URLSearchParams({ '': mark }).toString().slice(1),
    ...[0, 1, 2].flatMap((before) => {
      // What stands before and behind changes the characters at either end.
      const base64 = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
      const core = base64.replace(/=+$/, '').slice(before === 0 ? 0 : before + 1, -2);
      return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
    }),
  ];
}
