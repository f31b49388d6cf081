import { refreshHandler } from '../core/lambda/refresh-handler.ts';
import { services } from '../core/lambda/services.ts';
import { acme } from './contract.ts';

/** The Lambda behind `POST /acme/v1/refresh`. */
export const handler = refreshHandler(acme, services(acme));
