import { EndpointAccessMode, SecurityPolicy } from 'aws-cdk-lib/aws-apigateway';

/**
 * TLS 1.3 and 1.2 with forward secrecy, and post-quantum key exchange for clients that know it. It is for the
 * APIs as well as for their domain, because API Gateway negotiates by the policy of the API:
 * docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-update.html
 */
export const tls = {
  securityPolicy: SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09,
  endpointAccessMode: EndpointAccessMode.STRICT,
} as const;
