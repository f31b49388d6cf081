/**
 * Runs once for concurrent callers: a call during a run gets that run's result. A caller's abort ends
 * its own call only. When every caller has aborted, the run is aborted.
 */
export function singleFlight<Result>(
  run: (signal: AbortSignal) => Promise<Result>,
): (signal?: AbortSignal) => Promise<Result> {
  let flight: Flight<Result> | undefined;

  return async (signal) => {
    signal?.throwIfAborted();
    flight ??= takeOff(run);
    const mine = flight;
    mine.waiting += 1;
    try {
      return await (signal ? orAbort(mine.result, signal) : mine.result);
    } finally {
      mine.waiting -= 1;
      if (mine.waiting === 0) {
        if (flight === mine) flight = undefined;
        // Without effect if the run has finished.
        mine.controller.abort(signal?.reason);
      }
    }
  };
}

interface Flight<Result> {
  readonly controller: AbortController;
  readonly result: Promise<Result>;
  waiting: number;
}

function takeOff<Result>(run: (signal: AbortSignal) => Promise<Result>): Flight<Result> {
  const controller = new AbortController();
  const result = run(controller.signal);
  // After an abort, no caller may be left to handle the rejection.
  result.catch(() => undefined);
  return { controller, result, waiting: 0 };
}

function orAbort<Result>(result: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
