import { start } from '../core/lambda/start.ts';
import { eos } from './contract.ts';

/** The Lambda behind `POST /client/refresh`. */
export const handler = await start(eos);
