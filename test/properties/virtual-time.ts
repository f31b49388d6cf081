export type VirtualTime = ReturnType<typeof virtualTime>;

/** Time that passes only from one event to the next, in milliseconds since the simulation began. */
export function virtualTime() {
  /** The events to come, the next one last. */
  const queue: { readonly at: number; run: (() => unknown) | undefined }[] = [];
  let now = 0;
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  /**
   * Runs something after so many milliseconds. If it gives a promise, such as that of a signature,
   * time stands still until that is settled. The function that is returned cancels it.
   */
  function after(milliseconds: number, run: () => unknown): () => void {
    const event: (typeof queue)[number] = { at: now + Math.max(0, milliseconds), run };
    queue.splice(queue.findLastIndex(({ at }) => at > event.at) + 1, 0, event);
    return () => {
      event.run = undefined;
    };
  }

  return {
    now: () => now,
    after,
    /** Runs every event until that moment, or until `over`. */
    async run(until: number, over = () => false): Promise<void> {
      // What was begun before has its events in the queue after a turn.
      await turn();
      while (!over()) {
        const next = queue.pop();
        if (!next || next.at > until) return;
        if (!next.run) continue;
        now = next.at;
        await next.run();
        // What the event let go on has its own events in the queue after two turns.
        for (const _ of [1, 2]) await turn();
      }
    },
  };
}

export type Random = ReturnType<typeof seeded>;

/** Random numbers that are the same for the same seed, by the generator mulberry32. */
export function seeded(seed: number) {
  let state = seed >>> 0;
  /** At least 0, less than 1. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number) => least + next() * (most - least);
  return {
    next,
    between,
    /** Whether something of this probability happens. */
    happens: (probability: number) => next() < probability,
    /** Each order of magnitude is as likely as the others. */
    spread: (least: number, most: number) => Math.exp(between(Math.log(least), Math.log(most))),
    of: <Value>(values: readonly [Value, ...Value[]]): Value =>
      values[Math.floor(next() * values.length)] ?? values[0],
  };
}
