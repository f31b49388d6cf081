import { contracts } from '../functions/contracts.ts';
import type { AdminServices } from '../functions/session-admin/command.ts';
import { commands } from '../functions/session-admin/commands.ts';
import type { Input } from '../functions/session-admin/fields.ts';

/** The api key of the S360 document's sample request. */
export const demoApiKey = '5k5a9rnknaj87kthytganapc';

/** A session to try, and the command line that refreshes it. */
export interface Demo {
  readonly contract: string;
  curl(origin: string): string;
}

/** Opens one session per contract with sessions of its own, with the ids and claims of the documents' own samples. */
export async function openDemos(services: AdminServices): Promise<readonly Demo[]> {
  const { sessionId, secureCode } = await opened(samples.eos, services);
  const s360 = await opened(samples.s360, services);
  const ccstore = await opened(samples.ccstore, services);
  const json = JSON.stringify({ sessionToken: s360.sessionToken, sessionId: s360.sessionId });
  return [
    {
      contract: 'eos',
      curl: (origin) =>
        `curl -sS '${origin}/client/refresh' --data 'sessionId=${sessionId}&secureCode=${secureCode}'`,
    },
    {
      contract: 's360',
      curl: (origin) =>
        `curl -sS '${origin}/idp/sso/v1/refresh' -H 'api_key: ${demoApiKey}' -H 'Content-Type: application/json' --data '${json}'`,
    },
    {
      contract: 'ccstore',
      curl: (origin) =>
        `curl -sS -X POST '${origin}/ccstore/v1/refresh' -H 'Authorization: Bearer ${ccstore.accessToken}'`,
    },
    {
      // The same session as the line before: either path takes the other's tokens.
      contract: 'ccstoreui',
      curl: (origin) =>
        `curl -sS '${origin}/ccstoreui/v1/refresh' -H 'Authorization: Bearer ${ccstore.accessToken}' -H 'Content-Type: application/json' --data '{}'`,
    },
  ];
}

/** What the client of a sample's session holds. A table kept on disk may have had that session. */
async function opened(input: Input, services: AdminServices): Promise<Record<string, unknown>> {
  const first = await commands.open(input, services);
  const answer =
    first.outcome === 'refused'
      ? await commands.open({ ...input, sessionId: undefined }, services)
      : first;
  if (answer.outcome !== 'done') throw new Error(`the demo session did not open`);
  return { ...answer.result };
}

/** The documents' own samples, as `open` takes them. */
export const samples = {
  eos: {
    contract: 'eos',
    sessionId: '9a0b6679-c460-41a3-b26c-26e0d69538c6',
    subject: '20004007594',
    secret: '20004007594',
    claims: JSON.stringify({
      profile: {
        serialNumber: '20004007594',
        displayName: 'Foo Bar',
        roles: ['Admin', 'Tester'],
        contactId: 20004007594,
        attr_1: '000000000031',
        attr_2: 'LOCATION 023',
        attr_3: 123,
      },
      mobilityApps: {
        system: [
          { id: 'res', version: '2.5.0', token: 'GiY2v7VydV', size: 0 },
          { id: 'MyCustomersSrv', version: '2.5.0-3', token: '0FPYV1QFeR', size: 0 },
        ],
        user: [
          { id: 'MyDemo', version: '2.5.0-7', token: '0RzpGZfEwf', size: 0 },
          { id: 'MyDemoService', version: '1.0.0-2', token: '0ZyOt5tYKB', size: 0 },
          { id: 'OpenCVTest', version: '2.6.1-1', token: 'z812kDV0Xf', size: 0 },
        ],
      },
    }),
  },
  s360: {
    contract: 's360',
    sessionId: 'c9e12c13-589e-4f3a-9273-e9300fda0ef1',
    subject: '601804',
    claims: JSON.stringify({
      user: {
        selfProfile: [
          {
            profileId: 601804,
            nameEn: 'DAWOOD ALI ABDULLA ALI AHMAD',
            nameAr: 'داود على عبدالله على احمد',
            mobileNo: '05859xxxx',
            email: 'john@icloud.com',
            type: 'INDIVIDUAL',
            isActive: true,
          },
        ],
      },
      app: { iidParams: { test: { a: 0, b: 0 } } },
      sso: { externalSystemId: 'chatbot', authorityType: 'SELF' },
    }),
  },
  ccstore: { contract: 'ccstore', subject: '110558' },
} satisfies Record<string, Input>;

/** The contracts that have a sample. */
export const sampled = contracts.filter(({ name }) => name in samples);
