import { describe, expect, test } from 'vitest';
import { singleFlight } from '../../client/single-flight.ts';
import { realRoutes, serve } from '../local/wire.ts';
import { test as worldTest } from '../support/world.ts';
import { type Answer, clients, failingWire, opened, says, urlOf } from './support.ts';

describe('concurrent calls', () => {
  worldTest.for(clients)('of $name are one request', async (client, { world }) => {
    const credentials = await opened(client, world);
    world.requests.length = 0;
    const url = urlOf(await serve(realRoutes(world)), client.contract);
    const refresh = client.make({ url, credentials });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => refresh()));
    expect(outcomes[0]).toMatchObject({ outcome: 'refreshed' });
    for (const outcome of outcomes) expect(outcome).toBe(outcomes[0]);
    expect(world.requests).toHaveLength(1);
    await refresh();
    expect(world.requests).toHaveLength(2);
  });

  test.for(clients)('of $name share an end', async (client) => {
    const { status, body } = client.contract.refuse('revoked', 'id');
    const wire = await failingWire(says(status, body));
    const refresh = client.make({ url: wire.url, credentials: client.credential });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => refresh()));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ outcome: 'ended' });
    expect(wire.reached).toHaveLength(1);
  });

  test('are left by the one that aborts, and it alone', async () => {
    const [client] = clients;
    if (!client) throw new Error('there is no client');
    const reached = Promise.withResolvers<Parameters<Answer>[0]>();
    const wire = await failingWire((response) => reached.resolve(response));
    const refresh = client.make({ url: wire.url, credentials: client.credential });
    const impatient = new AbortController();
    const left = refresh({ signal: impatient.signal });
    const stays = refresh();
    const response = await reached.promise;
    impatient.abort('enough');
    await expect(left).rejects.toBe('enough');
    response.end(JSON.stringify(client.granted));
    expect(await stays).toMatchObject({ outcome: 'refreshed' });
    expect(wire.reached).toHaveLength(1);
  });
});

describe('singleFlight', () => {
  test('aborts its run when the last caller has left, and starts another for the next', async () => {
    const signals: AbortSignal[] = [];
    const results = [new Promise<string>(() => undefined), Promise.resolve('second')];
    const call = singleFlight((signal) => {
      signals.push(signal);
      return results[signals.length - 1] ?? Promise.reject(new Error('a third run'));
    });
    const [one, other] = [new AbortController(), new AbortController()];
    const calls = [call(one.signal), call(other.signal)];
    one.abort('first');
    await expect(calls[0]).rejects.toBe('first');
    expect(signals[0]?.aborted).toBe(false);
    other.abort('last');
    await expect(calls[1]).rejects.toBe('last');
    expect(signals[0]?.reason).toBe('last');
    expect(await call()).toBe('second');
    expect(signals).toHaveLength(2);
  });

  test('gives everybody the error of its run, and then runs again', async () => {
    const error = new Error('of the store');
    const results = [Promise.reject(error), Promise.resolve('second')];
    const call = singleFlight(() => results.shift() ?? Promise.resolve('third'));
    const calls = [call(), call()];
    await expect(calls[0]).rejects.toBe(error);
    await expect(calls[1]).rejects.toBe(error);
    expect(await call()).toBe('second');
  });
});
