import { ccstore } from '../ccstore/contract.ts';
import type { Contract } from '../core/contract/contract.ts';

/**
 * `POST /ccstoreui/v1/refresh`: the path that Oracle Commerce's own storefront client calls for the
 * sessions of `ccstore`. That client signs the shopper out at any error body, whatever the status, and
 * keeps the session where the body is empty. So only a 401, which judges the credential, has a body.
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
