import { ccstore } from './ccstore/contract.ts';
import type { Contract } from './core/contract/contract.ts';
import { eos } from './eos/contract.ts';
import { s360 } from './s360/contract.ts';

/** Every contract there is. Handlers, infra, the local server, the CLI and the tests read this list. */
export const contracts: readonly Contract[] = [eos, s360, ccstore];
