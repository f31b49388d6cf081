import { sampled } from '../local/demo.ts';
import type { Stage } from './stage.ts';
import { subject } from './subject.ts';
import type { Found, Row } from './table.ts';

/** What one refresh asks of the table and is charged for, by the size of the session's claims. */
export async function capacity({ aws, measured, deployed }: Stage): Promise<Found> {
  const rows: Row[] = [];
  for (const { name } of sampled)
    for (const kB of sizes.filter((size) => size <= largest[name as keyof typeof largest])) {
      const one = deployed(
        await measured(name, claims[name as keyof typeof claims](kB * 1000)),
        'off',
      );
      aws.roundTripMs = 0;
      const { run, stop } = await subject(one);
      // A cold DynamoDB Local can be so slow that the SDK asks twice.
      await run(1);
      aws.reset();
      await run(1);
      await stop();
      const storage = aws.counted.requests.filter(({ action }) => action !== 'GetSecretValue');
      const units = (kind: 'write' | 'read') =>
        storage
          .filter(({ action }) => action.startsWith('Get') === (kind === 'read'))
          .reduce((sum, request) => sum + request.units, 0);
      rows.push({
        contract: name,
        'claims kB': kB,
        requests: storage.length,
        'write units': units('write'),
        'read units': units('read'),
      });
    }
  const small = rows.filter((row) => row['claims kB'] === sizes[0]);
  const each = (column: string) =>
    Object.fromEntries(small.map((row) => [String(row.contract), row[column] ?? Number.NaN]));
  return {
    tables: [{ title: 'Storage', note: 'Of one refresh, by ConsumedCapacity.', rows }],
    figures: [
      { figure: 'storage requests a refresh', floor: 1, ...each('requests') },
      { figure: 'write units', floor: 1, ...each('write units') },
      { figure: 'read units', floor: 0, ...each('read units') },
    ],
  };
}

/** The sizes of claims that are measured, in kB. */
const sizes = [0.2, 4, 64];

/** `ccstore` keeps 4,096 characters of claims at most. */
const largest = { eos: 64, s360: 64, ccstore: 4 };

/** Claims of as many bytes as are asked for. */
const claims = {
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
