import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** The HTTP APIs of Lambda and CodeDeploy, as far as a release's check calls them. */
export interface ReleaseStandIn {
  readonly endpoint: string;
  /** What CodeDeploy was told, in order. */
  readonly told: readonly unknown[];
  /** The functions that were called, by the name or ARN that the caller gave. */
  readonly called: readonly string[];
  close(): void;
}

/** Starts one on a free port. `invoke` answers for Lambda; undefined is a crash of the function. */
export async function releaseStandIn(
  invoke: (event: unknown) => Promise<unknown>,
): Promise<ReleaseStandIn> {
  const told: unknown[] = [];
  const called: string[] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request));
    const [, name] =
      /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '') ?? [];
    if (name) {
      called.push(decodeURIComponent(name));
      const answer = await invoke(body);
      if (answer === undefined) response.setHeader('X-Amz-Function-Error', 'Unhandled');
      response.end(JSON.stringify(answer ?? { errorType: 'Error' }));
      return;
    }
    const target = 'CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus';
    if (request.headers['x-amz-target'] !== target) {
      response.writeHead(404).end();
      return;
    }
    told.push(body);
    response.end(JSON.stringify({ lifecycleEventHookExecutionId: 'x' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    told,
    called,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
