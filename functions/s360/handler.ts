import { start } from '../core/lambda/start.ts';
import { s360 } from './contract.ts';

/** The Lambda behind `POST /idp/sso/v1/refresh`. */
export const handler = await start(s360);
