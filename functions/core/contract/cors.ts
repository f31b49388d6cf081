/**
 * The request headers that pages of an allowed origin may send (CORS, the Fetch standard). The
 * `X-CC…` and `X-OC…` headers are those of Oracle Commerce's storefront client.
 */
export const allowedHeaders = [
  'Authorization',
  'Content-Type',
  'X-Request-Id',
  'api_key',
  'X-CCProfileType',
  'X-CCAsset-Language',
  'X-CCPriceListGroup',
  'X-CCOrganization',
  'X-CCAgentContext',
  'X-CCViewport',
  'x-ccsite',
  'X-CCVisitId',
  'X-CCVisitorId',
  'X-OCStateData',
] as const;

/** The response headers that such a page may read, beside those that CORS always allows. */
export const exposedHeaders = 'X-Request-Id, Retry-After, Date';

/**
 * The CORS headers of API Gateway's own answers. Its templates cannot compare origins; these
 * answers hold nothing private.
 */
export const gatewayCorsHeaders = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': exposedHeaders,
} as const;
