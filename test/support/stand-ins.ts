import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * Secrets Manager's HTTP API. `secrets` has the secrets by id. In the mood `down` it answers 500; in
 * the mood `stalled` it begins an answer and never ends it.
 */
export async function secretsManagerStandIn() {
  const manager = {
    secrets: new Map<string, string>(),
    mood: 'well' as 'well' | 'down' | 'stalled',
  };
  const server = await listening(async (request, response) => {
    const { SecretId, VersionStage = 'AWSCURRENT' } = JSON.parse(await text(request));
    const SecretString = VersionStage === 'AWSCURRENT' && manager.secrets.get(SecretId);
    const answer = (status: number, body: string) =>
      response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' }).write(body);
    if (manager.mood === 'stalled') answer(200, '{"Secret');
    else if (manager.mood === 'down') answer(500, '{"__type":"InternalServiceError"}');
    else if (!SecretString) answer(400, '{"__type":"ResourceNotFoundException"}');
    else answer(200, JSON.stringify({ SecretString, CreatedDate: 1_700_000_000.123 }));
    if (manager.mood !== 'stalled') response.end();
  });
  return Object.assign(manager, server);
}

/**
 * The HTTP APIs of Lambda and CodeDeploy, as the command line and a release's check call them. It
 * lists the functions that were called, by the given name or ARN, and what CodeDeploy was told.
 * @param invoke answers for Lambda; undefined is a crash of the function
 */
export async function lambdaStandIn(invoke: (event: unknown) => Promise<unknown>) {
  const told: unknown[] = [];
  const called: string[] = [];
  const server = await listening(async (request, response) => {
    const { url = '', headers } = request;
    const body = JSON.parse(await text(request));
    const [, name] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(url) ?? [];
    const target = 'CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus';
    if (name) {
      called.push(decodeURIComponent(name));
      const answer = await invoke(body);
      if (answer === undefined) response.setHeader('X-Amz-Function-Error', 'Unhandled');
      response.end(JSON.stringify(answer ?? { errorType: 'TimeoutError' }));
    } else if (headers['x-amz-target'] === target) {
      told.push(body);
      response.end(JSON.stringify({ lifecycleEventHookExecutionId: 'x' }));
    } else response.writeHead(404).end();
  });
  return { ...server, told, called };
}

/** A server on a free port. */
export async function listening(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => server.close().closeAllConnections();
  return { endpoint: `http://127.0.0.1:${port}`, close };
}
