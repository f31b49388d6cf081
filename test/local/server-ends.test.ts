import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listening, run, type Started, serve, started } from './processes.ts';

describe('npm start, interrupted,', () => {
  test.for(['SIGINT', 'SIGTERM'] as const)('ends by %s with 0, its ports free', async (signal) => {
    const server = await started();
    server.kill(signal);
    expect(await server.ended).toEqual({
      code: 0,
      signal: null,
      stdout: server.greeting,
      stderr: '',
    });
    const PORT = String(server.port);
    const DYNAMODB_PORT = portOf(server.database);
    const again = await started({ PORT, DYNAMODB_PORT });
    expect(again).toMatchObject({ origin: server.origin, database: server.database });
  });

  test('ends with 0 in spite of open connections, and of requests that are on their way', async () => {
    const server = await started();
    for (const port of [String(server.port), portOf(server.database)]) {
      await sent(port, '');
      await sent(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"Table');
    }
    // Whoever is answered afterwards knows that the server has read what came before.
    await fetch(server.database);
    await fetch(server.origin);
    server.kill('SIGINT');
    expect(await server.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  test('ends with 0 however often it is told', async () => {
    const server = await started();
    // As by npm, which passes on what the terminal has sent to both, and by people.
    const impatient = setInterval(() => server.kill('SIGINT'), 1);
    onTestFinished(() => clearInterval(impatient));
    server.kill('SIGINT');
    expect(await server.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  test('ends with 0 while it starts', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const asked = once(silent, 'connection');
    const port = (silent.address() as AddressInfo).port;
    const starting = serve({ AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}` });
    const [connection]: Socket[] = await asked;
    onTestFinished(() => {
      connection?.destroy();
      silent.close();
    });
    starting.kill('SIGINT');
    expect(await starting.ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  test.for([
    { what: 'Ctrl-C', signal: 'SIGINT', to: 'all' },
    { what: 'a SIGTERM to npm alone', signal: 'SIGTERM', to: undefined },
  ] as const)('ends with 0 under npm by $what', async ({ signal, to }) => {
    const npm = run(['npm', 'start'], { PORT: '0', DYNAMODB_PORT: '0' });
    const server = await listening(npm);
    npm.kill(signal, to);
    expect(await npm.ended).toMatchObject({ code: 0, signal: null });
    await expect(fetch(server.origin)).rejects.toThrow('fetch failed');
  });
});

/** A connection over which something was sent, and which stays open. */
async function sent(port: string, bytes: string): Promise<void> {
  const client = connect(Number(port), '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => {
    client.destroy();
  });
  await once(client, 'connect');
  if (bytes) await new Promise((resolve) => client.write(bytes, resolve));
}

function portOf(database: Started['database']): string {
  return new URL(database).port;
}
