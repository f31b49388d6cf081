import type { Contract } from '../functions/core/contract/contract.ts';
import type { Fault } from '../functions/core/contract/fault.ts';
import {
  type RefreshLambda,
  refreshHandler,
  type Services,
} from '../functions/core/lambda/refresh-handler.ts';
import { StorageUnavailable, type Table } from '../functions/core/session/table.ts';
import { later } from '../functions/core/time.ts';

/**
 * Reads the header `X-Local-Simulate`, which makes a request meet a situation that is hard to wait for.
 * The contract's real handler answers, on another clock, policy or table. Only `npm start` knows the
 * header; nothing deployed does.
 */
export type Simulate = (header: string) => Simulated;

/** What answers the request, or what is wrong with the header. */
export interface Simulated {
  readonly handler?: RefreshLambda;
  readonly fault?: Fault;
  readonly problem?: string;
}

/**
 * The simulations of a contract: `later=SECONDS` moves the clock on, `rotation=GRACE` turns rotation on,
 * `storage=down` takes DynamoDB away, `rate=over` is API Gateway's throttle. Several are separated by `;`.
 */
export function simulations(contract: Contract, services: Services): Simulate {
  return (header) => {
    let { clock, policy, table } = services;
    for (const word of header.split(';').map((text) => text.trim())) {
      const [, name, number] = /^(later|rotation)=(\d{1,9})$/.exec(word) ?? [];
      if (word === 'rate=over') return { fault: 'over-rate' };
      if (word === 'storage=down') table = unreachable;
      else if (name === 'later') clock = () => later(services.clock(), Number(number));
      else if (name === 'rotation' && contract.rotates)
        policy = { ...policy, rotation: { grace: Number(number) } };
      else return { problem: expected(contract) };
    }
    return { handler: refreshHandler(contract, { ...services, clock, policy, table }) };
  };
}

function expected({ rotates }: Contract): string {
  const words = ['later=SECONDS', ...(rotates ? ['rotation=GRACE'] : []), 'storage=down'];
  return `X-Local-Simulate: expected ${words.join(', ')} or rate=over`;
}

/** A table that never answers, as in an outage of DynamoDB. */
const down = () => Promise.reject(new StorageUnavailable('simulated by X-Local-Simulate'));
const unreachable: Table = { update: down, put: down, get: down, bySubject: down };
