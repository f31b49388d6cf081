import {
  type CcstoreCredential,
  type CcstoreGrant,
  type CcstoreRefresh,
  ccstore,
} from './ccstore.ts';
import type { ClientOptions } from './refresher.ts';

/**
 * Refreshes a session of `ccstore` by the storefront's own path, `POST /ccstoreui/v1/refresh`. A token
 * of either path refreshes on the other, so both clients can share a store. Errors other than a 401
 * have an empty body on this path, so they are `retry-later`. Its types are those of `ccstore`.
 * @example
 * import { ccstoreui } from '@session-refresh/client/ccstoreui';
 *
 * const refresh = ccstoreui({ url: `${host}/ccstoreui/v1/refresh`, credentials: { accessToken } });
 * const result = await refresh();
 * if (result.outcome === 'refreshed') use(result.grant.access_token);
 */
export function ccstoreui(options: ClientOptions<CcstoreCredential, CcstoreGrant>): CcstoreRefresh {
  return ccstore(options);
}
