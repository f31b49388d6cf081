import { refreshHandler } from '../core/lambda/refresh-handler.ts';
import { services } from '../core/lambda/services.ts';
import { ccstore } from './contract.ts';

/** The Lambda behind `POST /ccstore/v1/refresh`. */
export const handler = refreshHandler(ccstore, services(ccstore));
