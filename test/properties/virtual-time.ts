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
  readonly order: number;
  run: (() => void) | undefined;
}

export function virtualTime(): VirtualTime {
  const queue: Event[] = [];
  let now = 0;
  let order = 0;
  let working = 0;
  const time: VirtualTime = {
    now: () => now,
    after(milliseconds, run) {
      const event: Event = { at: now + Math.max(0, milliseconds), order: order++, run };
      insert(queue, event);
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

/** Keeps the queue in order, the next event last. */
function insert(queue: Event[], event: Event): void {
  let [low, high] = [0, queue.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = queue[middle];
    const later = other && (other.at - event.at || other.order - event.order) > 0;
    if (later) low = middle + 1;
    else high = middle;
  }
  queue.splice(low, 0, event);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
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
  of<Value>(values: readonly Value[]): Value;
}

/** The generator mulberry32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const random: Random = {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
    happens: (probability) => random.next() < probability,
    between: (least, most) => least + random.next() * (most - least),
    spread: (least, most) => Math.exp(random.between(Math.log(least), Math.log(most))),
    of(values) {
      const value = values[Math.floor(random.next() * values.length)];
      if (value === undefined) throw new Error('there is nothing to choose from');
      return value;
    },
  };
  return random;
}
