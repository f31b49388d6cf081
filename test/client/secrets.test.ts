import { inspect } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { inMemory, inStorage } from '../../client/credentials.ts';
import { keepFresh } from '../../client/keep-fresh.ts';
import type { Outcome } from '../../client/outcome.ts';
import { demoApiKey } from '../../local/demo.ts';
import {
  type Answer,
  type Client,
  clients,
  clockwork,
  cuts,
  type Fields,
  failingWire,
  says,
  silent,
  timeOf,
} from './support.ts';

/** Everything that anybody may print of a value, its causes and hidden members included. */
function shown(value: unknown): string {
  const whole = inspect(value, { depth: null, showHidden: true });
  const error = value instanceof Error ? `${value.message}${value.stack}` : '';
  return `${whole}${String(value)}${JSON.stringify(value)}${error}`;
}

const secrets = new RegExp(`secret-|${demoApiKey}`);

const refused: Answer = (response, request) => {
  const client = clients.find(({ contract }) => request.url === contract.path);
  const { status, body } = client?.contract.refuse('wrong-secret', 'id') ?? { status: 0, body: '' };
  says(status, body)(response, request);
};

const failures: readonly { readonly what: string; readonly answer: Answer }[] = [
  { what: 'a cut connection', answer: cuts },
  { what: 'silence', answer: silent },
  { what: 'a redirect', answer: says(307, '', { Location: 'http://127.0.0.1:1/' }) },
  {
    what: 'an answer that repeats what was sent, and is no JSON',
    answer: says(403, 'secret-code secret-token'),
  },
  { what: 'an end', answer: refused },
];

const rows = clients.flatMap((client) =>
  failures.map((failure) => ({ name: client.name, client, ...failure })),
);

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a secret', () => {
  test.for(rows)('of $name is in nothing that comes of $what', async ({ client, answer }) => {
    const said = listen();
    const wire = await failingWire(answer);
    const refresh = client.make({
      url: `http://127.0.0.1:${wire.port}${client.contract.path}`,
      credentials: client.credential,
      patience: { attemptMs: 50 },
      runtime: timeOf(clockwork(0)),
    });
    expect(shown(await refresh())).not.toMatch(secrets);
    expect(shown(refresh)).not.toMatch(secrets);
    expect(said()).toEqual([]);
    expect(wire.reached.length).toBeGreaterThan(0);
    for (const { url } of wire.reached) expect(url).toBe(client.contract.path);
  });

  /** What no platform makes a request of: its own errors quote it. */
  const unsendable = clients.flatMap((client): { what: string; client: Client; odd: object }[] => [
    { what: `${client.name} to no address`, client, odd: { url: 'secret-host' } },
    {
      what: `${client.name} with a password`,
      client,
      odd: { url: 'http://a:secret-b@127.0.0.1/' },
    },
  ]);
  const ccstore = clients.filter(({ name }) => name === 'ccstore');
  const s360 = clients.filter(({ name }) => name === 's360');

  test.for([
    ...unsendable,
    ...ccstore.flatMap((client) =>
      ['secret-\nx', 'secret-\0', 'secret-é—'].map((accessToken) => ({
        what: `ccstore with ${JSON.stringify(accessToken)}`,
        client,
        odd: { credentials: { accessToken } },
      })),
    ),
    ...s360.map((client) => ({
      what: 's360 with a key of two lines',
      client,
      odd: { apiKey: 'secret-\nkey' },
    })),
  ])('is in nothing that comes of what can’t be sent: $what', async ({ client, odd }) => {
    const said = listen();
    const options = { url: 'http://127.0.0.1:1/', credentials: client.credential, ...odd };
    const outcome: Outcome<unknown, string> = await client.make(options)();
    expect(outcome).toEqual({ outcome: 'rejected' });
    expect(said()).toEqual([]);
  });

  test('is in no error of an abort', async () => {
    for (const client of clients) {
      const controller = new AbortController();
      const wire = await failingWire(() => controller.abort());
      const refresh = client.make({ url: wire.url, credentials: client.credential });
      const error = await refresh({ signal: controller.signal }).catch((error) => error);
      expect(error).toMatchObject({ name: 'AbortError' });
      expect(shown(error)).not.toMatch(secrets);
    }
  });

  test('is not seen in a store', () => {
    const memory = inMemory<Fields, unknown>({ secureCode: 'secret-code' });
    const kept = inStorage<Fields, unknown>(
      { getItem: () => '{"credential":{"secureCode":"secret-code"}}', setItem: () => undefined },
      'session',
    );
    for (const store of [memory, kept]) {
      expect(store.read()).toEqual({ credential: { secureCode: 'secret-code' } });
      expect(shown(store)).not.toMatch(secrets);
    }
  });

  test('is not said by keeping a session fresh', async () => {
    const said = listen();
    for (const client of clients) {
      const wire = await failingWire(says(200, client.granted), cuts, refused);
      const runtime = timeOf(clockwork(0.5));
      const url = `http://127.0.0.1:${wire.port}${client.contract.path}`;
      const refresh = client.make({ url, credentials: client.credential, runtime });
      expect(shown(await keepFresh(refresh, { runtime }))).not.toMatch(secrets);
    }
    expect(said()).toEqual([]);
  });

  test('of s360 is sent where the document has it', async () => {
    for (const client of s360) {
      const wire = await failingWire(says(200, client.granted));
      await client.make({ url: wire.url, credentials: client.credential })();
      expect(wire.reached).toMatchObject([
        {
          url: '/refresh',
          headers: {
            api_key: demoApiKey,
            'content-type': 'application/json',
            'x-request-id': expect.stringMatching(
              /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/,
            ),
          },
          body: '{"sessionToken":"secret-token","sessionId":"secret-id"}',
        },
      ]);
    }
  });

  test('of eos is sent in the body, as the document has it', async () => {
    for (const client of clients.filter(({ name }) => name === 'eos')) {
      const wire = await failingWire(says(200, client.granted));
      const credentials = { sessionId: 'a&b=c', secureCode: '1+1 é%' };
      await client.make({ url: wire.url, credentials })();
      expect(wire.reached).toMatchObject([
        {
          url: '/refresh',
          headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
          body: 'sessionId=a%26b%3Dc&secureCode=1%2B1+%C3%A9%25',
        },
      ]);
      // Neither cookies nor where the page was.
      expect(wire.reached[0]?.headers).not.toHaveProperty('cookie');
      expect(wire.reached[0]?.headers).not.toHaveProperty('referer');
    }
  });
});

/** Hears what is written to the console or the process's own streams from now on. */
function listen(): () => unknown[] {
  const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;
  const spies = methods.map((method) => vi.spyOn(console, method).mockReturnValue());
  return () => spies.flatMap((spy) => spy.mock.calls);
}
