import { describe, expect, test } from 'vitest';
import { reply } from '../../functions/core/contract/reply.ts';
import { response as respond } from '../../functions/core/lambda/response.ts';

describe('reply', () => {
  test('writes its body compact, in the order of its keys, beyond ASCII as it is', () => {
    const body = { status: 200, desc: { en: 'Success', ar: 'نجاح' }, a: [1, null] };
    expect(reply(200, body)).toEqual({
      status: 200,
      body: '{"status":200,"desc":{"en":"Success","ar":"نجاح"},"a":[1,null]}',
    });
  });

  test('has headers only where it is given some', () => {
    expect(reply(503, {}, { 'Retry-After': '1' }).headers).toEqual({ 'Retry-After': '1' });
    expect(reply(200, {})).not.toHaveProperty('headers');
  });
});

describe('respond', () => {
  const ids = { gateway: '51368f50-4a67-42d4-803c-ddc80c0be491', client: 'trace-7' };

  test('gives the body as it stands, and asks that nobody keep it', () => {
    expect(respond({ status: 403, body: '{"ar":"نجاح"}' }, ids)).toEqual({
      statusCode: 403,
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Request-Id': 'trace-7',
      },
      body: '{"ar":"نجاح"}',
      isBase64Encoded: false,
    });
  });

  test('adds the reply’s own headers', () => {
    const { headers } = respond({ status: 429, body: '{}', headers: { 'Retry-After': '1' } }, ids);
    expect(headers).toEqual({
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Request-Id': 'trace-7',
      'Retry-After': '1',
    });
  });
});
