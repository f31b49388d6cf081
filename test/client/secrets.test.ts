import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { inMemory, inStorage } from '../../client/credentials.ts';
import { keepFresh } from '../../client/keep-fresh.ts';
import { demoApiKey } from '../../local/demo.ts';
import {
  type Answer,
  type Client,
  clientOf,
  clientOn,
  clients,
  cuts,
  type Fields,
  refuses,
  says,
  silent,
} from './support.ts';

/** Everything that somebody may print of a value, its causes and hidden members included. */
function printed(value: unknown): string {
  const whole = inspect(value, { depth: null, showHidden: true });
  const error = value instanceof Error ? `${value.message}${value.stack}` : '';
  return `${whole}${String(value)}${JSON.stringify(value)}${error}`;
}

const secrets = new RegExp(`secret-|${demoApiKey}`);
const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;
let logged: () => unknown[] = () => [];

beforeEach(() => {
  const spies = methods.map((method) => vi.spyOn(console, method).mockReturnValue());
  logged = () => spies.flatMap((spy) => spy.mock.calls);
});
afterEach(() => {
  expect(logged()).toEqual([]);
  vi.restoreAllMocks();
});

describe('a secret', () => {
  const failures: readonly { what: string; answer: (client: Client) => Answer }[] = [
    { what: 'a broken connection', answer: () => cuts },
    { what: 'silence', answer: () => silent },
    { what: 'an answer that repeats it', answer: () => says(403, 'secret-code secret-token') },
    { what: 'a refusal', answer: (client) => refuses(client, 'wrong-secret') },
  ];
  const rows = clients.flatMap((client) =>
    failures.map((failure) => ({ name: client.name, client, ...failure })),
  );

  test.for(rows)(
    'of $name is in no outcome of $what, and in no URL',
    async ({ client, answer }) => {
      const { wire, options } = clientOn(client, [0], answer(client));
      const refresh = client.make({ ...options, retry: { attemptMs: 20 } });
      expect(printed(await refresh())).not.toMatch(secrets);
      expect(printed(refresh)).not.toMatch(secrets);
      expect(wire.reached.length).toBeGreaterThan(0);
      for (const { url } of wire.reached) expect(url).toBe(options.url);
    },
  );

  /** The platform rejects these, with errors that quote them. */
  const unsendable = clients.flatMap(({ name }): { name: string; odd: object }[] => [
    { name, odd: { url: 'secret-host' } },
    { name, odd: { url: 'http://a:secret-b@127.0.0.1/' } },
  ]);
  test.for([
    ...unsendable,
    ...['secret-\nx', 'secret-\0', 'secret-é—'].map((accessToken) => ({
      name: 'ccstore',
      odd: { credentials: { accessToken } },
    })),
    { name: 's360', odd: { apiKey: 'secret-\nkey' } },
  ])('is in no outcome of a request of $name that cannot be sent: $odd', async ({ name, odd }) => {
    const { make, credential } = clientOf(name);
    const options = { url: 'http://127.0.0.1:1/', credentials: credential, ...odd };
    expect(await make(options)()).toEqual({ outcome: 'rejected' });
  });

  test.for(clients)(
    'of $name is in no error of an abort, nor in keepFresh’s result',
    async (client) => {
      const controller = new AbortController();
      const abort: Answer = (sent) => {
        controller.abort();
        return silent(sent);
      };
      const error = await clientOn(client, [0], abort)
        .refresh({ signal: controller.signal })
        .catch((error) => error);
      expect(error).toMatchObject({ name: 'AbortError' });
      expect(printed(error)).not.toMatch(secrets);
      const answers = [says(200, client.granted), cuts, refuses(client, 'wrong-secret')];
      const { options, refresh } = clientOn(client, [0.5], ...answers);
      expect(printed(await keepFresh(refresh, options))).not.toMatch(secrets);
    },
  );

  test('is not seen in a store', () => {
    const stored = { credential: { secureCode: 'secret-code' } };
    const text = JSON.stringify(stored);
    const local = inStorage<Fields, unknown>({ getItem: () => text, setItem: () => {} }, 'session');
    for (const store of [inMemory<Fields, unknown>(stored.credential), local]) {
      expect(store.read()).toEqual(stored);
      expect(printed(store)).not.toMatch(secrets);
    }
  });

  test.for([
    {
      name: 'eos',
      credentials: { sessionId: 'a&b=c', secureCode: '1+1 é%' },
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
      body: 'sessionId=a%26b%3Dc&secureCode=1%2B1+%C3%A9%25',
    },
    {
      name: 's360',
      headers: {
        api_key: demoApiKey,
        'content-type': 'application/json',
        'x-request-id': expect.stringMatching(
          /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/,
        ),
      },
      body: '{"sessionToken":"secret-token","sessionId":"secret-id"}',
    },
    { name: 'ccstore', headers: { authorization: 'Bearer secret-token' }, body: '' },
    { name: 'ccstoreui', headers: { authorization: 'Bearer secret-token' }, body: '' },
  ])('of $name is sent where the document has it', async ({ name, credentials, headers, body }) => {
    const client = clientOf(name);
    const { wire, options } = clientOn(client, [0.1, 0.9], says(200, client.granted));
    await client.make({ ...options, ...(credentials && { credentials }) })();
    const [sent] = wire.reached;
    // Neither cookies nor the address of the page go with it.
    expect(sent).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer' });
    expect(Object.fromEntries(sent?.headers ?? [])).toEqual(headers);
    expect(sent?.body).toBe(body);
  });
});
