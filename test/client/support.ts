import { ccstore as ccstoreClient } from '../../client/ccstore.ts';
import { ccstoreui as ccstoreuiClient } from '../../client/ccstoreui.ts';
import { type CredentialStore, inMemory } from '../../client/credentials.ts';
import { eos as eosClient } from '../../client/eos.ts';
import type { ClientOptions, Refresh } from '../../client/refresher.ts';
import type { Runtime } from '../../client/runtime.ts';
import { s360 as s360Client } from '../../client/s360.ts';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../functions/ccstoreui/contract.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { demoApiKey } from '../../local/demo.ts';
import type { Held } from '../support/world.ts';

/** The client of a contract, without the types that differ from contract to contract. */
export interface Client {
  readonly name: string;
  readonly contract: Contract;
  /** A credential that opens nothing. */
  readonly credential: Fields;
  /** A body that grants. */
  readonly granted: object;
  /** The credential of a session that was opened. */
  credentialOf(held: Held): Fields;
  readonly make: Make;
}

export type Fields = Readonly<Record<string, string>>;
export type Store = CredentialStore<Fields, unknown>;
type Options = ClientOptions<Fields, unknown> & { readonly apiKey?: string };
type Make = (options: Options) => Refresh<unknown, string>;

const ofCcstore = {
  credential: { accessToken: 'secret-token' },
  granted: { access_token: 'secret-next', token_type: 'bearer', expires_in: 930 },
};

export const clients: readonly Client[] = [
  {
    contract: eos,
    client: eosClient,
    credential: { sessionId: 'secret-id', secureCode: 'secret-code' },
    granted: {
      expireTime: Date.UTC(2026, 0, 15, 12, 30),
      secureCode: 'secret-next',
      mobilityApps: { system: [], user: [] },
      profile: {},
    },
  },
  {
    contract: s360,
    client: s360Client,
    credential: { sessionId: 'secret-id', sessionToken: 'secret-token' },
    granted: {
      status: 200,
      esbUUID: '9a0b6679-c460-41a3-b26c-26e0d69538c6',
      desc: { en: 'Success', ar: 'نجاح', code: 'ESB-IDP-S0000' },
      data: { accessToken: 'secret.next.token' },
    },
  },
  { contract: ccstore, client: ccstoreClient, ...ofCcstore },
  { contract: ccstoreui, client: ccstoreuiClient, ...ofCcstore },
].map(({ client, ...of }) => ({
  ...of,
  name: of.contract.name,
  credentialOf: (held) =>
    Object.fromEntries(Object.entries(held).filter(([name]) => name in of.credential)),
  make: (options) => (client as unknown as Make)({ apiKey: demoApiKey, ...options }),
}));

/** The client of a contract. */
export function clientOf(name: string): Client {
  const found = clients.find((client) => client.name === name);
  if (!found) throw new Error(`there is no client ${name}`);
  return found;
}

export type Answer = (request: Request) => Response | Promise<Response>;

/** A wire that gives these answers one after the other, the last one for ever. */
export function failingWire(...answers: readonly Answer[]) {
  const reached: Request[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    request.signal.throwIfAborted();
    const answer = answers[Math.min(reached.length, answers.length - 1)] ?? cuts;
    reached.push(request);
    return answer(request);
  };
  return { reached, fetch, url: 'http://127.0.0.1/refresh' };
}

/** Answers with a status, a body and headers. */
export function says(status: number, body: string | object, headers: Fields = {}): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return () => new Response(text || null, { status, headers });
}

/** Answers as the contract refuses. */
export function refuses({ contract }: Client, reason: Parameters<Contract['refuse']>[0]): Answer {
  const { status, body, headers } = contract.refuse(reason, 'id');
  return says(status, body, headers);
}

/** Answers so, after something has happened. */
export function meanwhile(happens: (request: Request) => unknown, answer: Answer): Answer {
  return (request) => {
    happens(request);
    return answer(request);
  };
}

/** Breaks the connection. */
export const cuts: Answer = () => Promise.reject(new TypeError('fetch failed'));

/** Never answers. */
export const silent: Answer = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

/** The time at which every clock begins, as the world's does. */
export const noon = Date.UTC(2026, 0, 15, 12);

/**
 * A wall clock and a stopwatch that a test turns, and that turn by themselves while something sleeps.
 * `random` returns the given numbers, again and again.
 */
export function clockwork(...randoms: readonly number[]) {
  let [now, elapsed, drawn] = [noon, 1000, 0];
  /** Every sleep, in milliseconds. */
  const slept: number[] = [];
  const clock = {
    slept,
    now: () => now,
    elapsed: () => elapsed,
    random: () => randoms[drawn++ % randoms.length] ?? 0.5,
    async sleep(milliseconds: number, signal: AbortSignal) {
      signal.throwIfAborted();
      slept.push(milliseconds);
      clock.pass(milliseconds);
      // Like a timer, it lets everything else happen first.
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    },
    pass(milliseconds: number) {
      now += milliseconds;
      elapsed += milliseconds;
    },
    /** Turns the wall clock alone. */
    turn(milliseconds: number) {
      now += milliseconds;
    },
  };
  return clock;
}

/** Limits of attempts that are over at once: they end as soon as everything else has happened. */
export const soon: Runtime['timer'] = (_, callback) => {
  const timer = setTimeout(callback, 1);
  return () => clearTimeout(timer);
};

/** A client with a wire and a clock of its own. */
export function clientOn(
  client: Client,
  answers: readonly Answer[],
  { random = [0], runtime, ...more }: Partial<Options> & { random?: readonly number[] } = {},
) {
  const wire = failingWire(...answers);
  const clock = clockwork(...random);
  const all = { ...clock, fetch: wire.fetch, ...runtime };
  const { credential: credentials } = client;
  const refresh = client.make({ url: wire.url, credentials, ...more, runtime: all });
  return { ...wire, clock, runtime: all, refresh };
}

/** A store that is read and written at once; `read` may be another. */
export function storeOf(credential: Fields, more: Partial<Store> = {}): Store {
  return { ...inMemory<Fields, unknown>(credential), ...more };
}
