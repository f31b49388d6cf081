import fc from 'fast-check';
import { type EpochSeconds, later } from '../../functions/core/time.ts';
import { type RotatingClient, refresh } from '../support/rotating.ts';
import type { Held, World } from '../support/world.ts';

/** What one tab of a browser does. */
export interface Step {
  /** Seconds since the step before; fewer where another tab would be late. */
  readonly wait: number;
  readonly tab: number;
  /** How many tabs of the same storage ask at once, as after a page load that refreshes everywhere. */
  readonly at: number;
  /**
   * What becomes of the answers: read at once, read by as many steps later as are told, out of order, or
   * never.
   */
  readonly answer: 'read' | 'lost' | number;
}

/** Any honest steps of so many tabs, waiting no longer than a grace at a time. */
export function honestSteps(tabs: number, grace: number): fc.Arbitrary<Step[]> {
  const step = fc.record({
    wait: fc.oneof(fc.integer({ min: 0, max: grace }), fc.constantFrom(0, 1, grace - 1)),
    tab: fc.nat({ max: tabs - 1 }),
    at: fc.constantFrom(1, 1, 1, 2, 5),
    answer: fc.oneof(
      { weight: 5, arbitrary: fc.constant('read' as const) },
      { weight: 2, arbitrary: fc.constant('lost' as const) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) },
    ),
  });
  return fc.array(step, { minLength: 15, maxLength: 30 });
}

/** A browser whose tabs all hold the same session, sharing what they keep or not. */
export interface Browser {
  readonly world: World;
  readonly client: RotatingClient;
  readonly grace: number;
  readonly opened: Held;
  /** The storage that each tab keeps its credential in. */
  readonly storageOf: readonly number[];
}

/** What was answered, by whether it was a yes. */
export interface Seen {
  readonly yes: number;
  /** Everything that was not one. */
  readonly no: readonly string[];
  /** How many secrets there were, the first one too. */
  readonly secrets: number;
}

/**
 * Plays steps. Nobody waits so long that a credential which is kept, or still on its way, is out of its
 * grace or expires: whoever is late then is no case of this.
 */
export async function play(browser: Browser, steps: readonly Step[]): Promise<Seen> {
  const { world, client, grace, opened, storageOf } = browser;
  const kept = new Map(storageOf.map((storage) => [storage, opened]));
  const late: { readonly due: number; readonly storage: number; readonly held: Held }[] = [];
  /** When each secret was replaced: known by the answer that names another, read by its client or not. */
  const replaced = new Map<string, EpochSeconds | undefined>([
    [client.secretOf(opened), undefined],
  ]);
  const lastSecond = (held: Held) => {
    const since = replaced.get(client.secretOf(held)) ?? world.now;
    return Math.min(since + grace, client.expiryOf(held)) - 1;
  };
  const no: string[] = [];
  let yes = 0;

  for (const [nth, { wait, tab, at, answer }] of steps.entries()) {
    for (const { storage, held } of late.filter(({ due }) => due === nth)) kept.set(storage, held);
    const pending = late.filter(({ due }) => due > nth).map(({ held }) => held);
    const ends = [...kept.values(), ...pending].map(lastSecond);
    world.now = Math.min(later(world.now, wait), ...ends) as EpochSeconds;

    // Who is about to be late goes first, and reads what it is answered.
    const [urgent] = [...kept].find(([, held]) => lastSecond(held) <= world.now) ?? [];
    const storage = urgent ?? storageOf[tab] ?? 0;
    const fate = urgent === undefined ? answer : 'read';
    const held = kept.get(storage) ?? opened;
    const answers = await Promise.all(
      Array.from({ length: at }, () => refresh(world, client, held)),
    );
    for (const one of answers) {
      if (one.status !== 200) {
        no.push(`${world.now}: ${one.text} to ${client.secretOf(held)}`);
        continue;
      }
      yes += 1;
      const given = client.next(held, one);
      const secret = client.secretOf(given);
      if (!replaced.has(secret)) {
        for (const [old, when] of replaced) if (when === undefined) replaced.set(old, world.now);
        replaced.set(secret, undefined);
      }
      if (fate === 'read') kept.set(storage, given);
      else if (fate !== 'lost') late.push({ due: nth + fate, storage, held: given });
    }
  }
  return { yes, no, secrets: replaced.size };
}
