import { ccstore } from '../ccstore/contract.ts';
import type { Contract } from '../core/contract/contract.ts';

/**
 * `POST /ccstoreui/v1/refresh`: the path that Oracle Commerce's own storefront client calls for the
 * sessions of `ccstore`. That client signs the shopper out at every error that has a body, whatever
 * the status, and keeps the session if the body is empty. So only a 401 has a body: it refuses the
 * credential.
 */
export const ccstoreui: Contract = {
  ...ccstore,
  name: 'ccstoreui',
  path: '/ccstoreui/v1/refresh',

  refuse(reason, requestId) {
    const refused = ccstore.refuse(reason, requestId);
    return refused.status === 401 ? refused : { ...refused, body: '' };
  },
};
