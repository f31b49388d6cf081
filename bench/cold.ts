import { inSeries } from './aws.ts';
import type { Effort } from './effort.ts';
import { median } from './numbers.ts';
import { turned } from './rounds.ts';
import { type Share, share } from './share.ts';
import type { Stage } from './stage.ts';
import { type Measured, subject } from './subject.ts';
import type { Found, Row } from './table.ts';

/** The size whose share of a core a Lambda gets from its first invocation on, in MB. */
const size = 512;

/** One start of one subject. */
export interface Start {
  readonly initMs: number;
  readonly firstMs: number;
  readonly counts: Row;
}

/**
 * A cold start as it is on AWS, in two parts: until the module has loaded, and the first invocation. Over
 * TLS, keys in Secrets Manager. `boosted`: whole cores while the function initialises, as is widely measured;
 * otherwise the share of its size from the beginning.
 */
export async function cold(stage: Stage, { starts }: Pick<Effort, 'starts'>): Promise<Found> {
  const group = share();
  const [floor, ...contracts] = await stage.subjects();
  if (!floor) throw new Error('there is no floor');
  const notPrimed = contracts.filter(({ name }) => name === 'eos');
  const subjects = [
    stage.deployed(floor, 'off'),
    ...contracts.map((one) => stage.deployed(one, 'on')),
    ...notPrimed.map((one) => ({ ...stage.deployed(one, 'off'), name: `${one.name}, not primed` })),
  ];
  const rows: Row[] = [];
  for (const roundTripMs of [1, 5])
    for (const boosted of group ? [true, false] : [true]) {
      const taken = new Map<string, Start[]>(subjects.map(({ name }) => [name, []]));
      stage.aws.roundTripMs = roundTripMs;
      for (let round = 0; round < starts; round += 1)
        for (const one of turned(subjects, round))
          taken.get(one.name)?.push(await started(stage, one, { sizeMB: size, boosted, group }));
      const base = taken.get(floor.name) ?? [];
      for (const [name, all] of taken) rows.push(row({ name, roundTripMs, boosted }, all, base));
    }
  group?.remove();
  const note = group
    ? `Medians of ${starts} starts at the CPU share of ${size} MB; ratios to the floor within a round.`
    : `Medians of ${starts} starts with whole cores: this machine lets no one hold a process to a share (cgroups).`;
  const of = (column: string, initialises: string) =>
    Object.fromEntries(
      rows
        .filter((one) => one.initialises === initialises && one['round trip ms'] === 1)
        .map((one) => [String(one.subject), one[column] ?? Number.NaN]),
    );
  return {
    tables: [{ title: 'Cold start', note, rows }],
    figures: [
      { figure: 'first invocation, ms', ...of('first ms', 'boosted') },
      { figure: 'first invocation, × floor', ...of('first × floor', 'boosted') },
      { figure: 'cold start boosted, × floor', ...of('whole × floor', 'boosted') },
      { figure: 'cold start not boosted, × floor', ...of('whole × floor', 'not boosted') },
    ],
  };
}

/** How a subject is started. */
export interface Way {
  readonly sizeMB: number;
  readonly boosted: boolean;
  readonly group: Share | undefined;
}

/** Starts a subject, invokes it once and ends it, unless it is to be used further. */
export async function started(
  { aws }: Stage,
  one: Measured,
  { sizeMB, boosted, group }: Way,
): Promise<Start> {
  aws.reset();
  group?.hold(boosted ? undefined : sizeMB);
  const { init, run, stop } = await subject(one, group && { group });
  group?.hold(sizeMB);
  const { wallMs: firstMs } = await run(1);
  group?.hold();
  await stop();
  const { connections, handshakes, requests } = aws.counted;
  const counts = {
    connections,
    handshakes,
    requests: requests.length,
    'in series': inSeries(requests),
  };
  return { initMs: init.wallMs, firstMs, counts };
}

function row(
  way: { readonly name: string; readonly roundTripMs: number; readonly boosted: boolean },
  all: readonly Start[],
  base: readonly Start[],
): Row {
  const ratio = (of: (start: Start) => number) =>
    median(all.map((one, at) => of(one) / of(base[at] ?? one)));
  const whole = ({ initMs, firstMs }: Start) => initMs + firstMs;
  return {
    subject: way.name,
    'round trip ms': way.roundTripMs,
    initialises: way.boosted ? 'boosted' : 'not boosted',
    'init ms': median(all.map(({ initMs }) => initMs)),
    'first ms': median(all.map(({ firstMs }) => firstMs)),
    'first × floor': ratio(({ firstMs }) => firstMs),
    'whole × floor': ratio(whole),
    ...all.at(-1)?.counts,
  };
}
