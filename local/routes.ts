import type { LocalEnv } from '../cli/local.ts';
import { contracts } from '../functions/contracts.ts';
import type { WriteRecord } from '../functions/core/lambda/record.ts';
import { refreshHandler } from '../functions/core/lambda/refresh-handler.ts';
import { services } from '../functions/core/lambda/services.ts';
import type { Table } from '../functions/core/session/table.ts';
import type { Route } from './gateway.ts';
import { simulations } from './simulations.ts';

/** The handlers as they are deployed, except that `write` takes their records. */
export function routes(env: LocalEnv, table: Table, write: WriteRecord): readonly Route[] {
  return contracts.map((contract) => {
    const own = { ...services(contract, env, table), write };
    const handler = refreshHandler(contract, own);
    return { contract, handler, simulate: simulations(contract, own) };
  });
}
