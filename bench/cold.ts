import { inSeries } from './aws.ts';
import { median, turned } from './numbers.ts';
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
 * A cold start as it is on AWS, over TLS and with keys in Secrets Manager, in two parts: until the module has
 * loaded, and the first invocation. `boosted`: whole cores while the function initialises, as is widely
 * measured. Otherwise it has the share of its size from the beginning.
 */
export async function cold(stage: Stage, starts: number): Promise<Found> {
  const group = share();
  const notPrimed = stage.contracts.filter(({ name }) => name === 'eos');
  const subjects = [
    stage.deployed(stage.floor, 'off'),
    ...stage.contracts.map((one) => stage.deployed(one, 'on')),
    ...notPrimed.map((one) => ({ ...stage.deployed(one, 'off'), name: `${one.name}, not primed` })),
  ];
  const rows: Row[] = [];
  for (const { roundTripMs, boosted } of ways) {
    if (!boosted && !group) continue;
    const initialises = boosted ? 'boosted' : 'not boosted';
    const way = { 'round trip ms': roundTripMs, initialises };
    const taken = subjects.map((one) => ({ one, all: [] as Start[] }));
    stage.aws.roundTripMs = roundTripMs;
    for (let round = 0; round < starts; round += 1)
      for (const { one, all } of turned(taken, round))
        all.push(await started(stage, one, { sizeMB: size, boosted, group }));
    for (const { one, all } of taken)
      rows.push(row({ subject: one.name, ...way }, all, taken[0]?.all ?? []));
  }
  group?.remove();
  const note = group
    ? `Medians of ${starts} starts at the CPU share of ${size} MB; ratios to the floor within a round.`
    : `Medians of ${starts} starts with whole cores: no process can be held to a share here (cgroups).`;
  const figure = (figure: string, column: string, initialises: string): Row => {
    const those = rows.filter(
      (one) => one['round trip ms'] === 1 && one.initialises === initialises,
    );
    const values = those.map((one) => [String(one.subject), one[column] ?? Number.NaN]);
    return { figure, ...Object.fromEntries(values) };
  };
  return {
    tables: [{ title: 'Cold start', note, rows }],
    figures: [
      figure('first invocation, ms', 'first ms', 'boosted'),
      figure('first invocation, × floor', 'first × floor', 'boosted'),
      figure('cold start boosted, × floor', 'whole × floor', 'boosted'),
      figure('cold start not boosted, × floor', 'whole × floor', 'not boosted'),
    ],
  };
}

const ways = [
  { roundTripMs: 1, boosted: true },
  { roundTripMs: 1, boosted: false },
  { roundTripMs: 5, boosted: true },
] as const;

/** Starts a subject, invokes it once and ends it. */
export async function started(
  { aws }: Stage,
  one: Measured,
  { sizeMB, boosted, group }: { sizeMB: number; boosted: boolean; group: Share | undefined },
): Promise<Start> {
  aws.reset();
  group?.hold(boosted ? undefined : sizeMB);
  const { init, run, stop } = await subject(one, group && { group });
  group?.hold(sizeMB);
  const { wallMs: firstMs } = await run(1);
  group?.hold();
  await stop();
  const { connections, handshakes, requests } = aws.counted;
  const [count, series] = [requests.length, inSeries(requests)];
  const counts = { connections, handshakes, requests: count, 'in series': series };
  return { initMs: init.wallMs, firstMs, counts };
}

/** The row of a table, with ratios to the floor's starts of the same rounds. */
function row(way: Row, all: readonly Start[], base: readonly Start[]): Row {
  const ratio = (of: (start: Start) => number) =>
    median(all.map((one, at) => of(one) / of(base[at] ?? one)));
  return {
    ...way,
    'init ms': median(all.map(({ initMs }) => initMs)),
    'first ms': median(all.map(({ firstMs }) => firstMs)),
    'first × floor': ratio(({ firstMs }) => firstMs),
    'whole × floor': ratio(({ initMs, firstMs }) => initMs + firstMs),
    ...all.at(-1)?.counts,
  };
}
