import { describe, expect, test } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../../functions/ccstoreui/contract.ts';
import type { Fault } from '../../../functions/core/contract/fault.ts';
import type { Refusal } from '../../../functions/core/session/session.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { sampleUuid } from '../s360/document.ts';

/** The status and code of every refusal, by contract. `+` where a client may retry after some seconds. */
const table = {
  'unknown-session': { eos: '403 3-2', s360: '401 ESB-IDP-E0003', ccstore: '401 90002' },
  'not-logged-in': { eos: '403 3-2', s360: '401 ESB-IDP-E0003', ccstore: '401 90002' },
  'wrong-secret': { eos: '403 3-2', s360: '401 ESB-IDP-E0003', ccstore: '401 90002' },
  'reused-secret': { eos: '403 3-2', s360: '401 ESB-IDP-E0003', ccstore: '401 90002' },
  revoked: { eos: '403 3-2', s360: '401 ESB-IDP-E0004', ccstore: '401 90004' },
  'idle-too-long': { eos: '403 3-2', s360: '401 ESB-IDP-E0003', ccstore: '401 90003' },
  'lifetime-over': { eos: '403 3-2', s360: '401 ESB-IDP-E0003', ccstore: '401 90003' },
  'malformed-request': { eos: '403 3-2', s360: '401 ESB-IDP-E0003', ccstore: '401 90001' },
  'unknown-client': { eos: '403 3-2', s360: '403 APIMDeveloperInactive', ccstore: '403 90403' },
  forbidden: { eos: '403 9-7', s360: '403 Forbidden', ccstore: '403 90403' },
  'unknown-route': { eos: '404 9-6', s360: '404 FlogoException', ccstore: '404 90404' },
  'over-rate': { eos: '429 9-4 +', s360: '403 APIMDeveloperOverQps +', ccstore: '429 90429 +' },
  'over-quota': { eos: '429 9-4 +', s360: '403 APIMDeveloperOverRate', ccstore: '429 90429 +' },
  'too-large': { eos: '413 9-5', s360: '413 ESB-IDP-E0413', ccstore: '413 90413' },
  failed: { eos: '500 9-1', s360: '500 ESB-IDP-E0500', ccstore: '500 90500' },
  unavailable: {
    eos: '503 9-2 +',
    s360: '503 APIMServiceUnavailable +',
    ccstore: '503 90503 +',
  },
  'timed-out': { eos: '504 9-3 +', s360: '504 APIMGatewayTimeout +', ccstore: '504 90504 +' },
} as const satisfies Record<
  Refusal | Fault,
  Record<'eos' | 's360' | 'ccstore', `${number} ${string}`>
>;

const reasons = Object.keys(table) as (keyof typeof table)[];

/** The header that the gateway before s360's is known to send with some codes. */
const mashery: Readonly<Record<string, string>> = {
  APIMDeveloperInactive: 'ERR_403_DEVELOPER_INACTIVE',
  APIMDeveloperOverQps: 'ERR_403_DEVELOPER_OVER_QPS',
  APIMDeveloperOverRate: 'ERR_403_DEVELOPER_OVER_RATE',
  APIMGatewayTimeout: 'ERR_504_GATEWAY_TIMEOUT',
};

/** Where a status is defined: a section of RFC 9110, which does not define 429. */
const sections: Readonly<Record<string, string>> = {
  401: 'rfc9110#section-15.5.2',
  403: 'rfc9110#section-15.5.4',
  404: 'rfc9110#section-15.5.5',
  413: 'rfc9110#section-15.5.14',
  429: 'rfc6585#section-4',
  500: 'rfc9110#section-15.6.1',
  503: 'rfc9110#section-15.6.4',
  504: 'rfc9110#section-15.6.5',
};

/** The texts that the documents themselves have. */
const documented: Readonly<Record<string, string>> = {
  '3-2': 'Invalid credential',
  'ESB-IDP-E0003': 'Session ID and/or sessionToken is invalid',
  'ESB-IDP-E0004': 'User logged out',
  'ESB-IDP-E0500': 'Unknown Error',
};

const bodies = {
  /** `{"message":…,"code":…}` */
  eos(body: string, code: string) {
    const { message } = JSON.parse(body);
    expect(message).toMatch(/^[A-Z][a-z ]+$/);
    expect(message).toBe(documented[code] ?? message);
    expect(body).toBe(`{"message":"${message}","code":"${code}"}`);
  },
  /** The envelope, without `data`, its Arabic as it is. */
  s360(body: string, code: string, status: string) {
    const { en, ar } = JSON.parse(body).desc;
    expect(en).toMatch(documented[code] ?? /^[A-Z][\w ]+$/);
    expect(ar).toMatch(/^[\p{Script=Arabic}\p{M}/ ]+$/u);
    expect(body).toBe(
      `{"status":${status},"esbUUID":"${sampleUuid}","desc":{"en":"${en}","ar":"${ar}","code":"${code}"}}`,
    );
  },
  /** The error model, its members all strings. */
  ccstore(body: string, errorCode: string, status: string) {
    const { message, devMessage } = JSON.parse(body);
    for (const text of [message, devMessage]) expect(text).toMatch(/^[A-Z][\x20-\x7e]+\.$/);
    const type = `https://www.rfc-editor.org/rfc/${sections[status]}`;
    expect(body).toBe(JSON.stringify({ message, status, errorCode, type, devMessage }));
  },
} as const;

for (const contract of [eos, s360, ccstore])
  describe(`${contract.name}.refuse`, () => {
    const name = contract.name as keyof typeof bodies;

    test.for(reasons.map((reason) => ({ reason, says: table[reason][name] })))(
      'answers $reason with $says',
      ({ reason, says }) => {
        const [status = '', code = '', again] = says.split(' ');
        const { body, ...reply } = contract.refuse(reason, sampleUuid);
        const headers = {
          ...(mashery[code] && { 'X-Mashery-Error-Code': mashery[code] }),
          ...(again && { 'Retry-After': '1' }),
        };
        expect(reply).toEqual({
          status: Number(status),
          ...(Object.keys(headers).length > 0 && { headers }),
        });
        bodies[name](body, code, status);
      },
    );

    test('has one text for each code', () => {
      const texts = new Map<string, Set<string>>();
      for (const reason of reasons) {
        const [, code = ''] = table[reason][name].split(' ');
        const { body } = contract.refuse(reason, sampleUuid);
        texts.set(code, (texts.get(code) ?? new Set()).add(body));
      }
      expect([...texts.values()].map(({ size }) => size)).toEqual([...texts].map(() => 1));
      expect(new Set([...texts.values()].flatMap((some) => [...some])).size).toBe(texts.size);
    });
  });

describe('ccstoreui.refuse', () => {
  test.for(reasons)(
    'answers %s as ccstore, its body empty unless the credential is dead',
    (reason) => {
      const { body, ...reply } = ccstore.refuse(reason, sampleUuid);
      const dead = reply.status === 401;
      expect(ccstoreui.refuse(reason, sampleUuid)).toEqual({ ...reply, body: dead ? body : '' });
    },
  );
});
