import type { Watch } from '../session/store.ts';
import type { Timer } from '../time.ts';
import type { RequestRecord } from './record.ts';

/** Counts into a record what is asked of the table, and how long that takes. */
export function meter(record: RequestRecord, timer: Timer): Watch {
  return async (asked) => {
    const began = timer();
    try {
      const answer = await asked;
      record.storageRequests += attemptsOf(answer);
      return answer;
    } catch (error) {
      record.storageRequests += attemptsOf(error);
      throw error;
    } finally {
      record.storageMs += timer() - began;
    }
  };
}

/** How often the SDK sent a request: it says so in an answer and in an error alike. */
function attemptsOf(outcome: unknown): number {
  const { $metadata } = outcome as { readonly $metadata?: { readonly attempts?: number } };
  return $metadata?.attempts ?? 1;
}
