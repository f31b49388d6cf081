import { start } from '../core/lambda/start.ts';
import { ccstoreui } from './contract.ts';

/** The Lambda behind `POST /ccstoreui/v1/refresh`. */
export const handler = await start(ccstoreui);
