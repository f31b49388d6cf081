import { eos } from '../../../functions/eos/contract.ts';
import type { Input } from '../../../functions/session-admin/fields.ts';
import type { Held, WireAnswer, WireCall, World } from '../../support/world.ts';

/** The document's answer in other lines, mended: a quote was missing after `Tester`, and braces one level off. */
export const sample = `{
    "expireTime": 1458356527606, "secureCode": "20004007594",
    "mobilityApps": {
        "system": [
            { "id": "res", "version": "2.5.0", "token": "GiY2v7VydV", "size": 0 },
            { "id": "MyCustomersSrv", "version": "2.5.0-3", "token": "0FPYV1QFeR", "size": 0 }
        ],
        "user": [
            { "id": "MyDemo", "version": "2.5.0-7", "token": "0RzpGZfEwf", "size": 0 },
            { "id": "MyDemoService", "version": "1.0.0-2", "token": "0ZyOt5tYKB", "size": 0 },
            { "id": "OpenCVTest", "version": "2.6.1-1", "token": "z812kDV0Xf", "size": 0 }
        ]
    },
    "profile": {
        "serialNumber": "20004007594", "displayName": "Foo Bar", "roles": ["Admin", "Tester"],
        "contactId": 20004007594, "attr_1": "000000000031", "attr_2": "LOCATION 023", "attr_3": 123
    }
}`;

/** The body of the document's request, which leaves the secureCode out. */
export const sampleRequest = 'sessionId=9a0b6679-c460-41a3-b26c-26e0d69538c6';

/** The session and the secureCode of the document's examples. */
export const sessionId = '9a0b6679-c460-41a3-b26c-26e0d69538c6';
export const secureCode = '20004007594';

/** The document's request with what its table demands. */
export const wholeRequest = `${sampleRequest}&secureCode=20004007594`;

/** What everyone reads who is not logged in: the document's error, compact. */
export const invalidCredential = {
  status: 403,
  text: '{"message":"Invalid credential","code":"3-2"}',
};

/** Opens the document's session. */
export function openSample(world: World, input?: Omit<Input, 'contract'>): Promise<Held> {
  return world.open(eos, { sessionId, secret: secureCode, ...input });
}

/** Posts a form, or what the call says in its place. */
export function refresh(world: World, body: string | null, call?: WireCall): Promise<WireAnswer> {
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return world.post(eos, { headers: form, body, ...call });
}
