import { sampled } from '../local/demo.ts';
import { metered } from './metered.ts';
import type { Stage } from './stage.ts';
import { subject } from './subject.ts';
import type { Row, Table } from './table.ts';

/** What one refresh asks of the table and is charged for, by the size of the session's claims. */
export async function capacity({ endpoint, measured }: Stage): Promise<Table> {
  const meter = await metered(endpoint);
  const rows: Row[] = [];
  try {
    for (const { name } of sampled)
      for (const kB of sizes.filter((size) => size <= largest[name as keyof typeof largest])) {
        const one = await measured(name, claims[name as keyof typeof claims](kB * 1000));
        meter.charges.length = 0;
        const env = { ...one.env, AWS_ENDPOINT_URL_DYNAMODB: meter.endpoint };
        await (await subject({ ...one, env })).stop();
        const units = (kind: 'write' | 'read') =>
          meter.charges
            .filter(({ action }) => action.startsWith('Get') === (kind === 'read'))
            .reduce((sum, charge) => sum + charge.units, 0);
        rows.push({
          contract: name,
          'claims kB': kB,
          requests: meter.charges.length,
          'write units': units('write'),
          'read units': units('read'),
        });
      }
  } finally {
    meter.close();
  }
  return { title: 'Storage', note: 'Of one refresh, by ConsumedCapacity.', rows };
}

/** The sizes of claims that are measured, in kB. */
export const sizes = [0.2, 1, 4, 16, 64];

/** `ccstore` keeps 4,096 characters of claims at most. */
export const largest = { eos: 64, s360: 64, ccstore: 4 };

/** Claims of as many bytes as are asked for. */
export const claims = {
  eos: (bytes: number) =>
    padded(bytes, (text) => ({ mobilityApps: { system: [], user: [text] }, profile: {} })),
  s360: (bytes: number) =>
    padded(bytes, (text) => ({
      user: { selfProfile: [text] },
      app: {},
      sso: { externalSystemId: 'chatbot', authorityType: 'SELF' },
    })),
  ccstore: (bytes: number) => padded(bytes, (text) => ({ iss: 'storefrontUI', roles: [text] })),
};

function padded(bytes: number, shape: (text: string) => object): string {
  const empty = JSON.stringify(shape('')).length;
  return JSON.stringify(shape('x'.repeat(Math.max(0, bytes - empty))));
}
