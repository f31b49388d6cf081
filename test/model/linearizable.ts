/** One operation of a history: what was done, what was told, and when it began and ended. */
export interface Event<Operation> {
  readonly operation: Operation;
  /** What was told, as text; absent where nobody was told anything to compare. */
  readonly told?: string | undefined;
  /** Ticks of one counter: which came first is all that they say. */
  readonly began: number;
  readonly ended: number;
}

/** What an operation makes of a state, and what it tells. */
export type Sequential<State, Operation> = (
  state: State,
  operation: Operation,
) => { readonly state: State; readonly told: string };

/**
 * Whether the operations can be put in a row, none before one that had ended when it began, so that
 * each tells what it told (Herlihy and Wing 1990; the search is Wing and Gong's, and tries no state
 * twice for the same operations left).
 */
export function linearizable<State, Operation>(
  initial: State,
  history: readonly Event<Operation>[],
  run: Sequential<State, Operation>,
): boolean {
  const failed = new Set<string>();
  const search = (state: State, left: readonly Event<Operation>[]): boolean => {
    if (left.length === 0) return true;
    const place = JSON.stringify([state ?? null, left.map(({ began }) => began)]);
    if (failed.has(place)) return false;
    const firstEnd = Math.min(...left.map(({ ended }) => ended));
    const found = left.some((event) => {
      if (event.began > firstEnd) return false;
      const next = run(state, event.operation);
      const fits = event.told === undefined || event.told === next.told;
      return fits && search(next.state, left.toSpliced(left.indexOf(event), 1));
    });
    if (!found) failed.add(place);
    return found;
  };
  return search(initial, history);
}

/** What an act was told, and what else it did before it was answered, of which nobody is told. */
export interface Acted<Operation> {
  readonly told?: string | undefined;
  readonly then?: Operation | undefined;
}

/** Writes a history down while it happens. */
export function recorder<Operation>() {
  const history: Event<Operation>[] = [];
  let ticks = 0;
  return {
    history,
    async record(operation: Operation, act: () => Promise<Acted<Operation>>): Promise<void> {
      const [began, beganThen] = [ticks++, ticks++];
      const { told, then } = await act();
      const ended = ticks++;
      history.push({ operation, told, began, ended });
      if (then) history.push({ operation: then, told: done, began: beganThen, ended });
    },
  };
}

/** What an operation tells that is the second half of another. */
export const done = 'done';
