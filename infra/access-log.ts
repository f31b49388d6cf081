import type { Settings } from './settings.ts';

/**
 * The access log's format: one JSON line per request. A client can choose `requestId`, but not
 * `extendedRequestId`. No key, query or header is logged.
 *
 * CloudWatch bills by the byte, so nothing is in it that is known otherwise: an API has one route, a log
 * event has a time, and the Lambda's line has the trace and how long it took.
 */
export function accessLogFormat({ firewall }: Pick<Settings, 'firewall'>): string {
  return JSON.stringify({ ...fields, ...(firewall && ofFirewall) });
}

const fields = {
  requestId: '$context.requestId',
  extendedRequestId: '$context.extendedRequestId',
  status: '$context.status',
  apiKeyId: '$context.identity.apiKeyId',
  sourceIp: '$context.identity.sourceIp',
  latency: '$context.responseLatency',
};

/** `WAF_BLOCK` or `WAF_ALLOW`. */
const ofFirewall = { firewall: '$context.wafResponseCode' };
