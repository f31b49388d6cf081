/** A state that was reached, and by what from where. */
interface Reached<State> {
  readonly state: State;
  readonly by: string;
  readonly from: Reached<State> | undefined;
  readonly depth: number;
}

/** One step from a state: its name, and the state after it. Throws where it breaks an invariant. */
export interface Step<State> {
  readonly name: string;
  readonly take: () => Promise<State | undefined>;
}

/** What a search has seen. */
export interface Seen {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
}

/**
 * Visits every state that can be reached, breadth first, each once. `nameOf` gives equal names to equal
 * states only.
 * @throws Error with the shortest sequence of steps to the first broken invariant
 */
export async function search<State>(
  start: State,
  steps: (state: State) => readonly Step<State>[],
  nameOf: (state: State) => string,
): Promise<Seen> {
  const first: Reached<State> = { state: start, by: 'start', from: undefined, depth: 0 };
  const known = new Set([nameOf(start)]);
  const queue = [first];
  let transitions = 0;
  for (const reached of queue) {
    for (const { name, take } of steps(reached.state)) {
      transitions += 1;
      const next = await take().catch((error: unknown) => {
        throw new Error(`${String(error)}\n${[...path(reached), name].join('\n')}`, {
          cause: error,
        });
      });
      if (next === undefined) continue;
      const key = nameOf(next);
      if (known.has(key)) continue;
      known.add(key);
      queue.push({ state: next, by: name, from: reached, depth: reached.depth + 1 });
    }
  }
  return { states: known.size, transitions, depth: queue.at(-1)?.depth ?? 0 };
}

function path<State>(reached: Reached<State>): string[] {
  return reached.from ? [...path(reached.from), reached.by] : [];
}
