import { dateOf, retryAfterOf } from './headers.ts';
import { judge } from './judge.ts';
import type { Outcome } from './outcome.ts';
import type { Runtime } from './runtime.ts';
import type { Wire } from './wire.ts';

/** Presents a credential once. It never rejects: what was thrown might quote what was sent. */
export async function attempt<Credential, Grant, Code extends string>(
  wire: Wire<Credential, Grant, Code>,
  url: string,
  credential: Credential,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<Outcome<Grant, Code>> {
  const request = requestOf(wire, url, credential, runtime, signal);
  if (!request) return { outcome: 'rejected' };
  const sentAt = runtime.elapsed();
  const answer = await answerTo(request, runtime);
  if (!answer) return { outcome: 'retry-later', cause: signal.aborted ? 'timeout' : 'network' };

  const { status, headers, text } = answer;
  const own = runtime.now();
  const said = judge(wire, status, text);
  if (said.outcome === 'retry-later') {
    const retryAfter = retryAfterOf(headers, own);
    return retryAfter === undefined ? said : { ...said, retryAfter };
  }
  if (said.outcome !== 'refreshed') return said;
  // The answer may have been under way for all that time.
  const underWay = (runtime.elapsed() - sentAt) / 1000;
  const life = wire.expiresIn(said.grant, { server: dateOf(headers), own });
  return { ...said, expiresIn: Math.max(0, life - underWay) };
}

/** The request; nothing where the platform can make none of what it was given. */
function requestOf<Credential, Grant, Code extends string>(
  wire: Wire<Credential, Grant, Code>,
  url: string,
  credential: Credential,
  { random }: Runtime,
  signal: AbortSignal,
): Request | undefined {
  try {
    return new Request(url, {
      ...wire.request(credential, random),
      method: 'POST',
      signal,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      // A redirected credential would be in other hands.
      redirect: 'error',
    });
  } catch {
    return undefined;
  }
}

/** The whole answer; nothing where there is none, for whatever reason. */
async function answerTo(request: Request, { fetch }: Runtime) {
  try {
    const response = await fetch(request);
    const { status, headers } = response;
    return { status, headers, text: await response.text() };
  } catch {
    return undefined;
  }
}
