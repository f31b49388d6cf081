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

// To the byte, every answer is an example of its document: test/wire/all/documents.test.ts.
describe.for([eos, s360, ccstore])('$name.refuse', (contract) => {
  const name = contract.name as 'eos' | 's360' | 'ccstore';

  test.for(reasons.map((reason) => ({ reason, says: table[reason][name] })))(
    'answers $reason with $says',
    ({ reason, says }) => {
      const [status, code = '', again] = says.split(' ');
      const { body, headers = {}, ...reply } = contract.refuse(reason, sampleUuid);
      expect(reply).toEqual({ status: Number(status) });
      expect(body).toContain(`ode":"${code}"`);
      expect(headers).toEqual({
        ...(mashery[code] && { 'X-Mashery-Error-Code': mashery[code] }),
        ...(again && { 'Retry-After': '1' }),
      });
    },
  );
});

test.for(reasons)(
  'ccstoreui.refuse answers %s as ccstore, its body empty unless the credential is dead',
  (reason) => {
    const { body, ...reply } = ccstore.refuse(reason, sampleUuid);
    const dead = reply.status === 401;
    expect(ccstoreui.refuse(reason, sampleUuid)).toEqual({ ...reply, body: dead ? body : '' });
  },
);
