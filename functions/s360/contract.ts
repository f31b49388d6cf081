import type { Contract } from '../core/contract/contract.ts';
import type { Fault } from '../core/contract/fault.ts';
import { reply } from '../core/contract/reply.ts';
import { credential } from '../core/contract/wire-request.ts';
import type { Refusal } from '../core/session/session.ts';
import { accessToken } from './access-token.ts';
import { opening } from './opening.ts';

/** `POST /idp/sso/v1/refresh` of the S360 IDP: "IDP will issue a new JWT". */
export const s360: Contract = {
  name: 's360',
  serves: 's360',
  path: '/idp/sso/v1/refresh',
  body: 'json',
  apiKey: 'required',
  rotates: false,
  signs: true,
  policy: { idle: 30 * 60, lifetime: 12 * 60 * 60, rotation: 'fixed' },

  read: ({ body }) =>
    credential(body.get('sessionId'), body.get('sessionToken')) ?? 'malformed-request',

  async grant(granted, keys) {
    const data = { accessToken: await accessToken(granted, keys) };
    return reply(200, { ...envelope(200, success, granted.requestId), data });
  },

  refuse(reason, requestId) {
    const { status, desc, headers }: Refused = errors[reason];
    return reply(status, envelope(status, desc, requestId), headers);
  },

  opening,
};

/** The description of an answer: a code, and a text in two languages. */
interface Desc {
  readonly en: string;
  readonly ar: string;
  readonly code: string;
}

interface Refused {
  readonly status: number;
  readonly desc: Desc;
  readonly headers?: Readonly<Record<string, string>>;
}

const success = desc('ESB-IDP-S0000', 'Success', 'نجاح');

// The two documented codes. The Arabic texts, here and below, are our choice.
const invalid: Refused = {
  status: 401,
  desc: desc(
    'ESB-IDP-E0003',
    'Session ID and/or sessionToken is invalid',
    'معرّف الجلسة و/أو رمز الجلسة غير صالح',
  ),
};
const loggedOut: Refused = {
  status: 401,
  desc: desc('ESB-IDP-E0004', 'User logged out', 'تم تسجيل خروج المستخدم'),
};

// For these errors the document has only names (`APIMDeveloperInactive`, …). The texts, and the
// codes that the document does not name, are our choice. The headers are those of the gateway that
// this service replaces.
const errors = {
  'unknown-session': invalid,
  'not-logged-in': invalid,
  'wrong-secret': invalid,
  'reused-secret': invalid,
  revoked: loggedOut,
  'idle-too-long': invalid,
  'lifetime-over': invalid,
  'malformed-request': invalid,
  'unknown-client': {
    status: 403,
    desc: desc('APIMDeveloperInactive', 'Developer Inactive', 'المطوّر غير نشط'),
    headers: { 'X-Mashery-Error-Code': 'ERR_403_DEVELOPER_INACTIVE' },
  },
  forbidden: { status: 403, desc: desc('Forbidden', 'Forbidden', 'ممنوع') },
  'unknown-route': { status: 404, desc: desc('FlogoException', 'Not Found', 'غير موجود') },
  'over-rate': {
    status: 403,
    desc: desc('APIMDeveloperOverQps', 'Developer Over Qps', 'تم تجاوز معدل الطلبات'),
    headers: { 'X-Mashery-Error-Code': 'ERR_403_DEVELOPER_OVER_QPS', 'Retry-After': '1' },
  },
  'over-quota': {
    status: 403,
    desc: desc('APIMDeveloperOverRate', 'Developer Over Rate', 'تم تجاوز حصة الطلبات'),
    headers: { 'X-Mashery-Error-Code': 'ERR_403_DEVELOPER_OVER_RATE' },
  },
  'too-large': { status: 413, desc: desc('ESB-IDP-E0413', 'Request Too Large', 'الطلب كبير جدًا') },
  failed: { status: 500, desc: desc('ESB-IDP-E0500', 'Unknown Error', 'خطأ غير معروف') },
  unavailable: {
    status: 503,
    desc: desc('APIMServiceUnavailable', 'Service Unavailable', 'الخدمة غير متاحة'),
    headers: { 'Retry-After': '1' },
  },
  'timed-out': {
    status: 504,
    desc: desc('APIMGatewayTimeout', 'Gateway Timeout', 'انتهت مهلة البوابة'),
    headers: { 'X-Mashery-Error-Code': 'ERR_504_GATEWAY_TIMEOUT', 'Retry-After': '1' },
  },
} satisfies Record<Refusal | Fault, Refused>;

function envelope(status: number, desc: Desc, requestId: string) {
  return { status, esbUUID: requestId, desc };
}

/** Members are in the document's order. */
function desc(code: string, en: string, ar: string): Desc {
  return { en, ar, code };
}
