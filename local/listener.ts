import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Gateway } from './gateway.ts';

/** Serves a gateway over HTTP. */
export function listener(gateway: Gateway): RequestListener {
  return (request, response) => {
    serve(gateway, request).then(
      (result) => send(response, result),
      () => response.destroy(),
    );
  };
}

async function serve(gateway: Gateway, request: IncomingMessage): Promise<APIGatewayProxyResult> {
  // The body is read to its end even where it is not wanted: a client that still sends reads no answer.
  const body = await bodyOf(request);
  return gateway({
    method: request.method ?? '',
    target: request.url ?? '',
    rawHeaders: request.rawHeaders,
    body,
    sourceIp: request.socket.remoteAddress ?? '',
  });
}

const mostBytes = 10 * 1024 * 1024;

/** The body, or nothing where it is over API Gateway's 10 MB. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= mostBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes > mostBytes ? undefined : Buffer.concat(chunks).toString('utf8');
}

function send(
  response: ServerResponse,
  { statusCode, headers, body }: APIGatewayProxyResult,
): void {
  response.writeHead(statusCode, headers as Record<string, string>).end(body);
}
