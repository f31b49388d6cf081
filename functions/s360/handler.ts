import { refreshHandler } from '../core/edge/refresh-handler.ts';
import { services } from '../core/edge/services.ts';
import { s360 } from './contract.ts';

/** The Lambda behind `POST /idp/sso/v1/refresh`. */
export const handler = refreshHandler(s360, services(s360));
