import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Secrets Manager's HTTP API as far as we call it: versions by secret and stage, or an outage. */
export interface SecretsManagerStandIn {
  readonly endpoint: string;
  /** What each secret is, by its id. */
  readonly secrets: Map<string, string>;
  /** `down` answers 500; `stalled` begins an answer and never ends it. */
  mood: 'well' | 'down' | 'stalled';
  close(): void;
}

/** Starts one on a free port. */
export async function secretsManagerStandIn(): Promise<SecretsManagerStandIn> {
  const server = createServer(async (request, response) => {
    const { SecretId, VersionStage = 'AWSCURRENT' } = JSON.parse(await text(request));
    const SecretString = VersionStage === 'AWSCURRENT' && manager.secrets.get(SecretId);
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    };
    if (manager.mood === 'stalled') {
      response.writeHead(200, { 'Content-Type': 'application/x-amz-json-1.1' }).write('{"Secret');
    } else if (manager.mood === 'down') answer(500, { __type: 'InternalServiceError' });
    else if (!SecretString) answer(400, { __type: 'ResourceNotFoundException' });
    else answer(200, { SecretString, CreatedDate: 1_700_000_000.123 });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const manager: SecretsManagerStandIn = {
    endpoint: `http://127.0.0.1:${port}`,
    secrets: new Map(),
    mood: 'well',
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return manager;
}
