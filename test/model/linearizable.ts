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

/** Writes a history down while it happens. */
export function recorder<Operation>() {
  const history: Event<Operation>[] = [];
  let ticks = 0;
  return {
    history,
    async record(operation: Operation, act: () => Promise<string | undefined>): Promise<void> {
      const began = ticks++;
      const told = await act();
      history.push({ operation, told, began, ended: ticks++ });
    },
  };
}
