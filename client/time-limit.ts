import type { Runtime } from './runtime.ts';

/** Runs with a signal that is aborted with the outer one, or after so many milliseconds. */
export async function withTimeLimit<Result>(
  milliseconds: number,
  outer: AbortSignal,
  timer: Runtime['timer'],
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const abort = () => controller.abort(outer.reason);
  const stop = timer(milliseconds, abort);
  outer.addEventListener('abort', abort, { once: true });
  if (outer.aborted) abort();
  try {
    return await run(controller.signal);
  } finally {
    stop();
    outer.removeEventListener('abort', abort);
  }
}
