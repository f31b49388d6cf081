import type { Stage } from './stage.ts';
import { subject } from './subject.ts';
import type { Found } from './table.ts';

/**
 * What one refresh asks of the table, and its capacity units. test/wire/all/storage.test.ts has them for
 * each size of claims.
 */
export async function storage({ aws, floor, contracts, deployed }: Stage): Promise<Found> {
  aws.roundTripMs = 0;
  const requests: Record<string, number> = {};
  const written: Record<string, number> = {};
  const read: Record<string, number> = {};
  for (const one of [floor, ...contracts]) {
    const { run, stop } = await subject(deployed(one, 'off'));
    // A cold DynamoDB Local can be so slow that the SDK asks twice.
    await run(1);
    aws.reset();
    await run(1);
    await stop();
    requests[one.name] = aws.counted.requests.length;
    [written[one.name], read[one.name]] = [0, 0];
    for (const { action, units } of aws.counted.requests) {
      const kind = action === 'GetItem' ? read : written;
      kind[one.name] = (kind[one.name] ?? 0) + units;
    }
  }
  return {
    tables: [],
    figures: [
      { figure: 'storage requests a refresh', ...requests },
      { figure: 'write units', ...written },
      { figure: 'read units', ...read },
    ],
  };
}
