import { describe, expect, test } from 'vitest';
import { recorded, recorder, send, serve, uuid } from './wire.ts';

describe("the local gateway's proxy event", () => {
  test('holds a request as API Gateway hands it over', async () => {
    const { routes, events } = recorder();
    const served = await serve(routes);
    await send(served, {
      path: '/client/refresh?b=2&a=1&a=3',
      headers: { hOsT: 'local', 'X-CUSTOM': ['one', 'two'], Accept: '*/*', Connection: 'close' },
      body: 'sessionId=نعم',
    });
    const headers = { hOsT: 'local', 'X-CUSTOM': 'two', Accept: '*/*', Connection: 'close' };
    expect(events).toEqual([
      {
        resource: '/refresh',
        path: '/refresh',
        httpMethod: 'POST',
        headers: { ...headers, 'Content-Length': '16' },
        multiValueHeaders: {
          hOsT: ['local'],
          'X-CUSTOM': ['one', 'two'],
          Accept: ['*/*'],
          Connection: ['close'],
          'Content-Length': ['16'],
        },
        queryStringParameters: { a: '3', b: '2' },
        multiValueQueryStringParameters: { a: ['1', '3'], b: ['2'] },
        pathParameters: null,
        stageVariables: null,
        body: 'sessionId=نعم',
        isBase64Encoded: false,
        requestContext: expect.objectContaining({
          path: '/client/refresh',
          stage: 'client',
          resourcePath: '/refresh',
          httpMethod: 'POST',
          protocol: 'HTTP/1.1',
          requestId: expect.stringMatching(uuid),
          identity: expect.objectContaining({ sourceIp: '127.0.0.1', apiKey: null }),
        }),
      },
    ]);
  });

  test.for([
    { path: '/client/refresh', stage: 'client', resource: '/refresh' },
    { path: '/idp/sso/v1/refresh', stage: 'idp', resource: '/sso/v1/refresh' },
    { path: '/ccstore/v1/refresh', stage: 'ccstore', resource: '/v1/refresh' },
  ])('names stage and resource of $path', async ({ path, stage, resource }) => {
    const { routes, events } = recorder();
    const served = await serve(routes);
    await send(served, { path, headers: { API_Key: '5k5a9rnknaj87kthytganapc' } });
    expect(events).toMatchObject([
      { path: resource, resource, requestContext: { path, stage, resourcePath: resource } },
    ]);
  });

  test.for([
    { what: 'no query', query: '', values: null },
    { what: 'an empty query', query: '?', values: null },
    { what: 'separators alone', query: '?&&', values: null },
    { what: 'a name without a value', query: '?a', values: { a: [''] } },
    { what: 'a value with =', query: '?a=b=c', values: { a: ['b=c'] } },
    { what: 'a value with ?', query: '?a=b?c', values: { a: ['b?c'] } },
    { what: 'names in either case', query: '?a=1&A=2', values: { a: ['1'], A: ['2'] } },
    { what: 'escapes, once', query: '?%61=%2541%26', values: { a: ['%41&'] } },
    { what: '+ as a space', query: '?a+b=c+d%2B', values: { 'a b': ['c d+'] } },
    { what: 'UTF-8', query: '?a=%D9%86%D8%B9%D9%85', values: { a: ['نعم'] } },
    { what: 'a NUL', query: '?a=%00', values: { a: ['\0'] } },
    { what: 'a name three times', query: '?a=1&a=&a=2', values: { a: ['1', '', '2'] } },
  ])('decodes a query with $what', async ({ query, values }) => {
    const { routes, events } = recorder();
    const served = await serve(routes);
    await send(served, { path: `/client/refresh${query}` });
    const last = values && Object.entries(values).map(([name, all]) => [name, all.at(-1)]);
    expect(events[0]?.multiValueQueryStringParameters).toEqual(values);
    expect(events[0]?.queryStringParameters).toEqual(last && Object.fromEntries(last));
  });

  test('keeps a field and a header called __proto__ as what they are', async () => {
    const { routes, events } = recorder();
    const served = await serve(routes);
    await send(served, { path: '/client/refresh?__proto__=x', headers: { ['__proto__']: 'y' } });
    const query = new Map(Object.entries(events[0]?.multiValueQueryStringParameters ?? {}));
    const headers = new Map(Object.entries(events[0]?.headers ?? {}));
    expect(query.get('__proto__')).toEqual(['x']);
    expect(headers.get('__proto__')).toBe('y');
  });

  test.for([
    { what: 'none', body: '', text: null },
    { what: 'a space', body: ' ', text: ' ' },
    { what: 'a text that looks like base64', body: 'YQ==', text: 'YQ==' },
    // API Gateway has no binary media types here: it reads every body as UTF-8.
    { what: 'bytes that are not UTF-8', body: Buffer.from([0x61, 0xff]), text: 'a\ufffd' },
  ])('holds a body of $what', async ({ body, text }) => {
    const { routes, events } = recorder();
    const served = await serve(routes);
    await send(served, { path: '/client/refresh', body });
    expect(events).toMatchObject([{ body: text, isBase64Encoded: false }]);
  });

  test('joins a character that came in two chunks', async () => {
    const { routes, events } = recorder();
    const served = await serve(routes);
    // Of three bytes each: chunks of 64 kB end in the middle of one.
    const body = '€'.repeat(100_000);
    await send(served, { path: '/client/refresh', body });
    expect(events[0]?.body).toBe(body);
  });

  test('has an id of its own, which context and answer name too', async () => {
    const { routes, events, contexts } = recorder();
    const served = await serve(routes);
    const path = '/client/refresh';
    const answers = [await send(served, { path }), await send(served, { path })];
    const ids = events.map(({ requestContext }) => requestContext.requestId);
    expect(new Set(ids).size).toBe(2);
    expect(contexts.map(({ awsRequestId }) => awsRequestId)).toEqual(ids);
    expect(answers.map(({ headers }) => headers['x-amzn-requestid'])).toEqual(ids);
  });

  test("is answered with the Lambda's own status, headers and body", async () => {
    const served = await serve(recorder().routes);
    const answer = await send(served, {
      path: '/client/refresh',
      headers: { 'X-Request-Id': 'of the client' },
    });
    expect(answer.status).toBe(202);
    expect(answer.text).toBe(recorded.body);
    expect(answer.headers).toMatchObject({
      'x-request-id': 'of the Lambda',
      'cache-control': 'no-store',
    });
  });
});
