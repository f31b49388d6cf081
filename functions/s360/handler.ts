import { refreshHandler } from '../core/lambda/refresh-handler.ts';
import { services } from '../core/lambda/services.ts';
import { s360 } from './contract.ts';

/** The Lambda behind `POST /idp/sso/v1/refresh`. */
export const handler = refreshHandler(s360, services(s360));
