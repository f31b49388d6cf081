import { refreshHandler } from '../core/edge/refresh-handler.ts';
import { services } from '../core/edge/services.ts';
import { eos } from './contract.ts';

/** The Lambda behind `POST /client/refresh`. */
export const handler = refreshHandler(eos, services(eos));
