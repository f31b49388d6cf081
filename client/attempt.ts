import { dateOf, retryAfterOf } from './headers.ts';
import { interpret } from './interpret.ts';
import type { Outcome } from './outcome.ts';
import type { Runtime } from './runtime.ts';
import type { Wire } from './wire.ts';

/** Sends a credential once. Never rejects, because an error might quote the request. */
export async function attempt<Credential, Grant, Code extends string>(
  wire: Wire<Credential, Grant, Code>,
  url: string,
  credential: Credential,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<Outcome<Grant, Code>> {
  const request = buildRequest(wire, url, credential, runtime, signal);
  if (!request) return { outcome: 'rejected' };
  const sentAt = runtime.elapsed();
  const answer = await send(request, runtime);
  if (!answer) return { outcome: 'retry-later', cause: signal.aborted ? 'timeout' : 'network' };

  const { status, headers, text } = answer;
  const own = runtime.now();
  const meaning = interpret(wire, status, text);
  if (meaning.outcome === 'retry-later') {
    const retryAfter = retryAfterOf(headers, own);
    return retryAfter === undefined ? meaning : { ...meaning, retryAfter };
  }
  if (meaning.outcome !== 'refreshed') return meaning;
  // The answer may have been on its way for the whole time since the request was sent.
  const onItsWay = (runtime.elapsed() - sentAt) / 1000;
  const lifetime = wire.expiresIn(meaning.grant, { server: dateOf(headers), own });
  return { ...meaning, expiresIn: Math.max(0, lifetime - onItsWay) };
}

/** The request, or nothing where the platform rejects the address, a header or the body. */
function buildRequest<Credential, Grant, Code extends string>(
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
      // A redirect would hand the credential to another server.
      redirect: 'error',
    });
  } catch {
    return undefined;
  }
}

/** The complete answer, or nothing where it does not arrive, for whatever reason. */
async function send(request: Request, { fetch }: Runtime) {
  try {
    const response = await fetch(request);
    const { status, headers } = response;
    return { status, headers, text: await response.text() };
  } catch {
    return undefined;
  }
}
