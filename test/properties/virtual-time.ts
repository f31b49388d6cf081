/** Time that passes only from one event to the next, in milliseconds since the simulation began. */
export interface VirtualTime {
  now(): number;
  /** Runs something after so many milliseconds. The function that it returns cancels that. */
  after(milliseconds: number, run: () => void): () => void;
  /** Runs code that awaits real work, such as a signature. Time stands still until it is done. */
  work<Result>(run: () => Promise<Result>): Promise<Result>;
  /** Waits within `work`: time goes on. */
  sleep(milliseconds: number): Promise<void>;
  /** Runs every event until that moment, or until `over`. */
  run(until: number, over?: () => boolean): Promise<void>;
}

interface Event {
  readonly at: number;
  run: (() => void) | undefined;
}

export function virtualTime(): VirtualTime {
  /** The events to come, the next one last. */
  const queue: Event[] = [];
  let now = 0;
  let working = 0;
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const time: VirtualTime = {
    now: () => now,
    after(milliseconds, run) {
      const event: Event = { at: now + Math.max(0, milliseconds), run };
      queue.splice(queue.findLastIndex(({ at }) => at > event.at) + 1, 0, event);
      return () => {
        event.run = undefined;
      };
    },
    async work(run) {
      working += 1;
      try {
        return await run();
      } finally {
        working -= 1;
      }
    },
    sleep: (milliseconds) =>
      new Promise((resolve) => {
        working -= 1;
        time.after(milliseconds, () => {
          working += 1;
          resolve();
        });
      }),
    async run(until, over = () => false) {
      // What was begun before has its events in the queue after a turn.
      await turn();
      while (!over()) {
        const next = queue.pop();
        if (!next || next.at > until) return;
        if (!next.run) continue;
        now = next.at;
        next.run();
        // A body is read within two turns of the event loop; what takes longer is `work`.
        do await turn();
        while (working > 0);
        await turn();
      }
    },
  };
  return time;
}

/** Random numbers that are the same for the same seed. */
export interface Random {
  /** At least 0, less than 1. */
  next(): number;
  /** Whether something of this probability happens. */
  happens(probability: number): boolean;
  between(least: number, most: number): number;
  /** As many small numbers as large ones: each order of magnitude is as likely. */
  spread(least: number, most: number): number;
  of<Value>(values: readonly [Value, ...Value[]]): Value;
}

/** The generator mulberry32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number) => least + next() * (most - least);
  return {
    next,
    happens: (probability) => next() < probability,
    between,
    spread: (least, most) => Math.exp(between(Math.log(least), Math.log(most))),
    of: (values) => values[Math.floor(next() * values.length)] ?? values[0],
  };
}
