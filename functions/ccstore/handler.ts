import { start } from '../core/lambda/start.ts';
import { ccstore } from './contract.ts';

/** The Lambda behind `POST /ccstore/v1/refresh`. */
export const handler = await start(ccstore);
