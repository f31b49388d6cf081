import { describe, expect, test } from 'vitest';
import { dateOf, retryAfterOf } from '../../client/headers.ts';

const noon = Date.UTC(2026, 0, 15, 12);

describe('Retry-After', () => {
  test.for([
    { value: '0', seconds: 0 },
    { value: '1', seconds: 1 },
    { value: ' 120 ', seconds: 120 },
    { value: '007', seconds: 7 },
    { value: '999999999999999', seconds: 999_999_999_999_999 },
    { value: '9'.repeat(400), seconds: undefined },
    { value: '', seconds: undefined },
    { value: '-1', seconds: undefined },
    { value: '1.5', seconds: undefined },
    { value: '1e3', seconds: undefined },
    { value: 'soon', seconds: undefined },
    { value: '1, 2', seconds: undefined },
    { value: '2026-01-15T12:01:00Z', seconds: undefined },
    { value: 'Thu, 15 Jan 2026 12:01:00 GMT', seconds: 60 },
    { value: 'Thu, 15 Jan 2026 11:00:00 GMT', seconds: 0 },
    { value: 'Nevermore GMT', seconds: undefined },
  ])('of $value is $seconds seconds', ({ value, seconds }) => {
    expect(retryAfterOf(new Headers({ 'Retry-After': value }), noon)).toBe(seconds);
  });

  test('that is absent is none', () => {
    expect(retryAfterOf(new Headers(), noon)).toBeUndefined();
  });

  test('as a date counts from the server’s own', () => {
    const headers = new Headers({
      'Retry-After': 'Thu, 15 Jan 2026 13:00:30 GMT',
      Date: 'Thu, 15 Jan 2026 13:00:00 GMT',
    });
    expect(retryAfterOf(headers, noon)).toBe(30);
  });
});

describe('Date', () => {
  test.for([
    { value: 'Thu, 15 Jan 2026 12:00:00 GMT', milliseconds: noon },
    { value: 'yesterday', milliseconds: undefined },
    { value: '0', milliseconds: undefined },
    { value: '', milliseconds: undefined },
  ])('of $value is $milliseconds', ({ value, milliseconds }) => {
    expect(dateOf(new Headers({ Date: value }))).toBe(milliseconds);
  });
});
