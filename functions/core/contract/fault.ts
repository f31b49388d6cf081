/** Failures other than a session refusal: a bad request, or a server error. */
export type Fault =
  | 'malformed-request'
  | 'unknown-client'
  | 'forbidden'
  | 'unknown-route'
  | 'over-rate'
  | 'over-quota'
  | 'too-large'
  | 'failed'
  | 'unavailable'
  | 'timed-out';

/**
 * Faults that API Gateway answers itself, without the Lambda. Only its access log knows of them.
 */
export type GatewayFault = Extract<
  Fault,
  'unknown-client' | 'forbidden' | 'unknown-route' | 'over-rate' | 'over-quota'
>;
