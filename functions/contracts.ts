import { ccstore } from './ccstore/contract.ts';
import { ccstoreui } from './ccstoreui/contract.ts';
import type { Contract } from './core/contract/contract.ts';
import { eos } from './eos/contract.ts';
import { s360 } from './s360/contract.ts';

/** Every contract. Handlers, infra, the local server, the CLI and the tests read this list. */
export const contracts: readonly Contract[] = [eos, s360, ccstore, ccstoreui];

/**
 * The contracts with sessions of their own: rows, keys and a policy. The others serve those of one.
 */
export const sessionOwners = contracts.filter(({ name, serves }) => serves === name);
