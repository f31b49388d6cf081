import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { ccstore as ccstoreClient } from '../../client/ccstore.ts';
import type { CredentialStore } from '../../client/credentials.ts';
import { eos as eosClient } from '../../client/eos.ts';
import type { ClientOptions, Refresh } from '../../client/refresher.ts';
import type { Runtime } from '../../client/runtime.ts';
import { s360 as s360Client } from '../../client/s360.ts';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { demoApiKey } from '../../local/demo.ts';
import type { Held, World } from '../support/world.ts';

/** What every contract's client is to a test that speaks of all of them. */
export interface Client {
  readonly name: string;
  readonly contract: Contract;
  /** A credential that opens nothing. */
  readonly credential: Fields;
  /** An answer of the contract's that grants. */
  readonly granted: object;
  /** What a client of a session holds. */
  credentialOf(held: Held): Fields;
  readonly make: Make;
}

export type Fields = Readonly<Record<string, string>>;
export type Store = CredentialStore<Fields, unknown>;

type Make = (
  options: ClientOptions<Fields, unknown> & { readonly apiKey?: string },
) => Refresh<unknown, string>;

/** A client whose types a test of all of them can't have. */
function untyped(client: unknown): Make {
  return client as Make;
}

/** The three clients. */
export const clients: readonly Client[] = [
  {
    name: 'eos',
    contract: eos,
    credential: { sessionId: 'secret-id', secureCode: 'secret-code' },
    granted: {
      expireTime: Date.UTC(2026, 0, 15, 12, 30),
      secureCode: 'secret-next',
      mobilityApps: { system: [], user: [] },
      profile: {},
    },
    credentialOf: ({ sessionId, secureCode }) => ({ sessionId, secureCode }),
    make: untyped(eosClient),
  },
  {
    name: 's360',
    contract: s360,
    credential: { sessionId: 'secret-id', sessionToken: 'secret-token' },
    granted: {
      status: 200,
      esbUUID: '9a0b6679-c460-41a3-b26c-26e0d69538c6',
      desc: { en: 'Success', ar: 'نجاح', code: 'ESB-IDP-S0000' },
      data: { accessToken: 'secret.next.token' },
    },
    credentialOf: ({ sessionId, sessionToken }) => ({ sessionId, sessionToken }),
    make: (options) => untyped(s360Client)({ apiKey: demoApiKey, ...options }),
  },
  {
    name: 'ccstore',
    contract: ccstore,
    credential: { accessToken: 'secret-token' },
    granted: { access_token: 'secret-next', token_type: 'bearer', expires_in: 930 },
    credentialOf: ({ accessToken }) => ({ accessToken }),
    make: untyped(ccstoreClient),
  },
];

/** The client of a contract. */
export function clientOf(name: string): Client {
  const found = clients.find((client) => client.name === name);
  if (!found) throw new Error(`there is no client ${name}`);
  return found;
}

/** A client's session in a world, open. */
export async function opened({ contract, credentialOf }: Client, world: World): Promise<Fields> {
  return credentialOf(await world.open(contract));
}

/** The address of a contract's route. */
export function urlOf({ port }: { readonly port: number }, { path }: Contract): string {
  return `http://127.0.0.1:${port}${path}`;
}

/** A request as it reached the other end. */
export interface Reached {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A wire that answers what a test wants, one answer after the other, the last one for ever. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Listens until its test ends, and writes down what it is sent. */
export async function failingWire(...answers: readonly Answer[]) {
  const reached: Reached[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => '');
    const answer = answers[Math.min(reached.length, answers.length - 1)];
    reached.push({ url: request.url ?? '', headers: request.headers, body });
    answer?.(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/refresh`, port, reached, server };
}

/** Answers with a status, a body and headers. */
export function says(
  status: number,
  body: string | object,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return (response) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Cuts the connection. */
export const cuts: Answer = (response) => response.destroy();

/** Never answers. */
export const silent: Answer = () => undefined;

/** A clock that a test turns, by itself where something sleeps. */
export interface Clockwork extends Omit<Runtime, 'fetch' | 'locks' | 'timer' | 'channel'> {
  /** Every sleep, in milliseconds. */
  readonly slept: number[];
  /** Turns both clocks. */
  pass(milliseconds: number): void;
  /** Turns the wall clock alone. */
  set(epochMilliseconds: number): void;
}

/** Both clocks begin at the noon of the world; chance is what is given, again and again. */
export function clockwork(...chances: readonly number[]): Clockwork {
  let now = Date.UTC(2026, 0, 15, 12);
  let elapsed = 1000;
  let drawn = 0;
  const slept: number[] = [];
  const clock: Clockwork = {
    slept,
    now: () => now,
    elapsed: () => elapsed,
    random: () => chances[drawn++ % chances.length] ?? 0.5,
    async sleep(milliseconds, signal) {
      signal.throwIfAborted();
      slept.push(milliseconds);
      clock.pass(milliseconds);
      // As a timer would, it lets everything else happen first.
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    },
    pass(milliseconds) {
      now += milliseconds;
      elapsed += milliseconds;
    },
    set(epochMilliseconds) {
      now = epochMilliseconds;
    },
  };
  return clock;
}

/** Only the clock's part of a runtime. */
export function timeOf({ now, elapsed, random, sleep }: Clockwork) {
  return { now, elapsed, random, sleep };
}

/** A Web Locks manager of a single name's queue, as the standard has it. */
export function lockManager() {
  const names: string[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let queued = 0;
  return {
    names,
    async request<Result>(
      name: string,
      { signal, ifAvailable }: { readonly signal?: AbortSignal; readonly ifAvailable?: boolean },
      run: (lock?: unknown) => Promise<Result>,
    ): Promise<Result> {
      names.push(name);
      if (ifAvailable && queued > 0) return run(null);
      queued += 1;
      const before = last;
      const freed = Promise.withResolvers<void>();
      last = before.then(() => freed.promise);
      try {
        await Promise.race([
          before,
          new Promise((_, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
          }),
        ]);
        return await run({});
      } finally {
        queued -= 1;
        freed.resolve();
      }
    },
  };
}
