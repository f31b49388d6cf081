import { ccstore } from '../ccstore/contract.ts';
import type { Contract } from '../core/contract/contract.ts';

/**
 * `POST /ccstoreui/v1/refresh`: the path that Oracle Commerce's own storefront client calls for the
 * sessions of `ccstore`. An error answer with a body makes that client sign the shopper out, with
 * any status; an empty body does not. So only a 401, which means a missing or bad credential, has a
 * body.
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
