import { refreshHandler } from '../core/lambda/refresh-handler.ts';
import { services } from '../core/lambda/services.ts';
import { ccstoreui } from './contract.ts';

/** The Lambda behind `POST /ccstoreui/v1/refresh`. */
export const handler = refreshHandler(ccstoreui, services(ccstoreui));
