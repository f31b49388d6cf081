import type { Fault } from '../core/contract/fault.ts';
import { type Reply, reply } from '../core/contract/reply.ts';
import type { Refusal } from '../core/session/session.ts';

/**
 * Makes an error in the document's error model, in which all members are strings. The codes and
 * texts are our choice. `message` is for users, `devMessage` for developers. Neither quotes the
 * request.
 */
function error(
  status: number,
  errorCode: string,
  type: string,
  message: string,
  devMessage: string,
  headers?: Reply['headers'],
): Reply {
  return reply(status, { message, status: String(status), errorCode, type, devMessage }, headers);
}

/** Returns the URL of the section of RFC 9110 that defines a status. */
function rfc9110(section: string): string {
  return `https://www.rfc-editor.org/rfc/rfc9110#section-${section}`;
}

const again = { 'Retry-After': '1' };

const invalidToken = error(
  401,
  '90002',
  rfc9110('15.5.2'),
  'Please sign in again.',
  'The access token is not valid.',
);
const expiredToken = error(
  401,
  '90003',
  rfc9110('15.5.2'),
  'Your session has expired. Please sign in again.',
  'The access token or its session has expired; an expired token cannot be refreshed.',
);
const denied = error(
  403,
  '90403',
  rfc9110('15.5.4'),
  'You may not do this.',
  'The request was denied before it reached the API.',
);
// RFC 9110 does not define 429; RFC 6585 does.
const overRate = error(
  429,
  '90429',
  'https://www.rfc-editor.org/rfc/rfc6585#section-4',
  'Too many requests. Please try again in a moment.',
  'The rate or quota of this API is used up; retry after the time in Retry-After.',
  again,
);

/** Every answer except that of a successful refresh. */
export const errors = {
  'unknown-session': invalidToken,
  'not-logged-in': invalidToken,
  'wrong-secret': invalidToken,
  'reused-secret': invalidToken,
  revoked: error(
    401,
    '90004',
    rfc9110('15.5.2'),
    'You have been signed out. Please sign in again.',
    'The session of the access token was logged out.',
  ),
  'idle-too-long': expiredToken,
  'lifetime-over': expiredToken,
  'malformed-request': error(
    401,
    '90001',
    rfc9110('15.5.2'),
    'Please sign in.',
    'The request has no bearer token in its Authorization header.',
  ),
  'unknown-client': denied,
  forbidden: denied,
  'unknown-route': error(
    404,
    '90404',
    rfc9110('15.5.5'),
    'There is nothing here.',
    'The API has no such route; it has POST /ccstore/v1/refresh.',
  ),
  'over-rate': overRate,
  'over-quota': overRate,
  'too-large': error(
    413,
    '90413',
    rfc9110('15.5.14'),
    'The request is too large.',
    'API Gateway takes no more than 10 MB.',
  ),
  failed: error(
    500,
    '90500',
    rfc9110('15.6.1'),
    'Something went wrong.',
    'A bug. Its log line has the id in X-Request-Id.',
  ),
  unavailable: error(
    503,
    '90503',
    rfc9110('15.6.4'),
    'Please try again in a moment.',
    'Storage or keys did not answer; a retry is safe.',
    again,
  ),
  'timed-out': error(
    504,
    '90504',
    rfc9110('15.6.5'),
    'Please try again in a moment.',
    'The answer took too long; a retry is answered as the first request was.',
    again,
  ),
} as const satisfies Record<Refusal | Fault, Reply>;
