import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import type { Settings } from './settings.ts';

/**
 * One JSON line per request. A client can choose `requestId`, but not `extendedRequestId`. No key, query
 * or header is logged.
 */
export function accessLogFormat({ firewall }: Pick<Settings, 'firewall'>): AccessLogFormat {
  return AccessLogFormat.custom(JSON.stringify({ ...fields, ...(firewall && ofFirewall) }));
}

const fields = {
  requestId: '$context.requestId',
  extendedRequestId: '$context.extendedRequestId',
  traceId: '$context.xrayTraceId',
  time: '$context.requestTimeEpoch',
  method: '$context.httpMethod',
  resource: '$context.resourcePath',
  status: '$context.status',
  apiKeyId: '$context.identity.apiKeyId',
  sourceIp: '$context.identity.sourceIp',
  latency: '$context.responseLatency',
  integrationLatency: '$context.integration.latency',
  integrationStatus: '$context.integration.status',
};

/** `WAF_BLOCK` or `WAF_ALLOW`. */
const ofFirewall = { firewall: '$context.wafResponseCode' };
