import { refreshHandler } from '../core/lambda/refresh-handler.ts';
import { services } from '../core/lambda/services.ts';
import { eos } from './contract.ts';

/** The Lambda behind `POST /client/refresh`. */
export const handler = refreshHandler(eos, services(eos));
