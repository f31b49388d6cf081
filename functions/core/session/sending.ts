import type {
  DynamoDBClient,
  GetItemCommand,
  GetItemCommandOutput,
  UpdateItemCommand,
  UpdateItemCommandOutput,
} from '@aws-sdk/client-dynamodb';

/** Sends what a refresh asks of the table; a signal ends it early. */
export interface Sending {
  update(command: UpdateItemCommand, signal?: AbortSignal): Promise<UpdateItemCommandOutput>;
  get(command: GetItemCommand, signal?: AbortSignal): Promise<GetItemCommandOutput>;
}

/**
 * Sends by a client. A signal that goes with `send` keeps the SDK from reusing its middleware
 * (`cacheMiddleware`), and putting that together takes a tenth of a refresh. So it goes by the side, and
 * the last step hands it to the wire.
 */
export function sending(client: DynamoDBClient): Sending {
  client.middlewareStack.add(
    () =>
      async ({ input, request }) => {
        const abortSignal = signals.get(input);
        return client.config.requestHandler.handle(request as WireRequest, {
          ...(abortSignal && { abortSignal }),
        }) as Promise<never>;
      },
    { name: 'endBySignal', step: 'deserialize', priority: 'low', override: true },
  );
  const ending = <Command extends { readonly input: object }>(
    command: Command,
    signal: AbortSignal | undefined,
  ): Command => {
    if (signal) signals.set(command.input, signal);
    return command;
  };
  return {
    update: (command, signal) => client.send(ending(command, signal)),
    get: (command, signal) => client.send(ending(command, signal)),
  };
}

type WireRequest = Parameters<DynamoDBClient['config']['requestHandler']['handle']>[0];

/** One for all, since a client may serve two stores and has one such step. */
const signals = new WeakMap<object, AbortSignal>();
