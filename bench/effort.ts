/** How long to measure. */
export interface Effort {
  /** Rounds in which every subject has its turn. */
  readonly rounds: number;
  /** Refreshes of one subject in one round. */
  readonly calls: number;
  /** Starts of each subject. */
  readonly starts: number;
  /** Refreshes of one process while its memory is watched. */
  readonly refreshes: number;
  /** Requests to the server in one round, at each number of connections. */
  readonly requests: number;
}

/** What the README's figures come from. */
export const thorough: Effort = {
  rounds: 20,
  calls: 400,
  starts: 6,
  refreshes: 100_000,
  requests: 1000,
};

/** Enough to see that everything runs. */
export const quick: Effort = { rounds: 3, calls: 20, starts: 1, refreshes: 200, requests: 64 };
