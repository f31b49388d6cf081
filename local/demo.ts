import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { contracts } from '../functions/contracts.ts';
import type { Contract } from '../functions/core/contract/contract.ts';
import type { AdminServices } from '../functions/session-admin/command.ts';
import { commands } from '../functions/session-admin/commands.ts';
import type { Input } from '../functions/session-admin/fields.ts';
import { curlLine, type Held, requestOf } from './explorer/request.js';
import { proxyEvent } from './proxy-event.ts';
import { requestTemplate } from './request-template.ts';

/** The api key of the S360 document's sample request. */
export const demoApiKey = '5k5a9rnknaj87kthytganapc';

/** A contract, and what the client of a session to try holds. */
export interface Demo {
  readonly contract: Contract;
  readonly held: Held;
}

/**
 * Opens a session to try for every contract, with the ids and claims of the documents' own samples.
 * Contracts that serve the same sessions share one.
 */
export async function openDemos(services: AdminServices): Promise<readonly Demo[]> {
  const opened = new Map<string, Held>();
  const demos: Demo[] = [];
  for (const contract of contracts) {
    const held = opened.get(contract.serves) ?? (await openSession(contract.serves, services));
    opened.set(contract.serves, held);
    demos.push({ contract, held });
  }
  return demos;
}

/** The line of curl that refreshes a demo's session. */
export function curlOf({ contract, held }: Demo, origin: string): string {
  return curlLine(requestOf(requestTemplate(contract, demoApiKey), held), origin);
}

/** The API Gateway event of the request that refreshes a demo's session. */
export function eventOf({ contract, held }: Demo): APIGatewayProxyEvent {
  const { method, path, headers, body } = requestOf(requestTemplate(contract, demoApiKey), held);
  const rawHeaders = Object.entries(headers).flat();
  const stage = path.split('/')[1] ?? '';
  const parts = { path, stage, query: new Map(), body: body ?? '', requestId: randomUUID() };
  return proxyEvent({ method, rawHeaders, sourceIp: '127.0.0.1' }, parts);
}

/**
 * What the client of a contract's sample holds. A table kept on disk may have that session already: then
 * another one is opened.
 */
export async function openSession(name: string, services: AdminServices): Promise<Held> {
  const input = sampleOf(name);
  const first = await commands.open(input, services);
  const answer =
    first.outcome === 'refused'
      ? await commands.open({ ...input, sessionId: undefined }, services)
      : first;
  if (answer.outcome !== 'done') throw new Error(`the demo session of ${name} did not open`);
  return { ...answer.result };
}

/** A contract's sample as `open` takes it; a contract without one has its defaults. */
export function sampleOf(contract: string): Input {
  const known: Readonly<Record<string, Input>> = samples;
  return known[contract] ?? { contract };
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
