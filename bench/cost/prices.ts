import type { Tier } from './tiers.ts';

/** Where the list prices hold. They leave out free tiers, taxes, support and discounts. */
export const region = 'us-east-1';
/** For when they were looked up. */
export const asOf = '2026-11';

/** A list price in US dollars, and who says so. */
export interface Price {
  readonly what: string;
  /** How the price is written, in the page's own units. */
  readonly list: string;
  readonly tiers: readonly Tier[];
  /** AWS's page, which is what counts. */
  readonly page: string;
  /** Where it was read in a copy; nothing where it is only known, and is to be verified. */
  readonly readIn?: string;
}

const aws = 'https://aws.amazon.com';

/** Every price that the model uses, per unit. A GB has 10^9 bytes here. */
export const prices = {
  gateway: {
    what: 'API Gateway, REST, requests',
    list: '$3.50 a million up to 333 million, $2.80 up to 1 billion, $2.38 up to 20 billion, $1.51 beyond',
    tiers: [
      { upTo: 333e6, price: 3.5e-6 },
      { upTo: 1e9, price: 2.8e-6 },
      { upTo: 20e9, price: 2.38e-6 },
      { upTo: Infinity, price: 1.51e-6 },
    ],
    page: `${aws}/api-gateway/pricing/`,
    readIn:
      'https://docs.aws.amazon.com/whitepapers/latest/best-practices-api-gateway-private-apis-integration/cost-optimization.html',
  },
  invocation: {
    what: 'Lambda, requests',
    list: '$0.20 a million',
    tiers: [{ upTo: Infinity, price: 0.2e-6 }],
    page: `${aws}/lambda/pricing/`,
    readIn: 'https://git.mcrn.ar/mariano/lambda_local_runner (docs/lambdas-md/lambda-13-cost.md)',
  },
  gigabyteSecond: {
    what: 'Lambda arm64, GB-seconds',
    list: '$0.0000133334 up to 7.5 billion, a tenth less up to 18.75 billion, a fifth less beyond',
    tiers: [
      { upTo: 7.5e9, price: 1.33334e-5 },
      { upTo: 18.75e9, price: 1.200006e-5 },
      { upTo: Infinity, price: 1.066672e-5 },
    ],
    page: `${aws}/lambda/pricing/`,
    readIn: `${aws}/blogs/compute/introducing-tiered-pricing-for-aws-lambda/ and https://cloudchipr.com/blog/aws-lambda-pricing`,
  },
  write: {
    what: 'DynamoDB on demand, write request units',
    list: '$0.625 a million',
    tiers: [{ upTo: Infinity, price: 0.625e-6 }],
    page: `${aws}/dynamodb/pricing/on-demand/`,
    readIn: 'https://airbyte.com/data-engineering-resources/dynamodb-pricing',
  },
  read: {
    what: 'DynamoDB on demand, read request units',
    list: '$0.125 a million',
    tiers: [{ upTo: Infinity, price: 0.125e-6 }],
    page: `${aws}/dynamodb/pricing/on-demand/`,
    readIn: 'https://airbyte.com/data-engineering-resources/dynamodb-pricing',
  },
  storage: {
    what: 'DynamoDB, GB-months stored, with point-in-time recovery',
    list: '$0.25 and $0.20',
    tiers: [{ upTo: Infinity, price: 0.45 }],
    page: `${aws}/dynamodb/pricing/on-demand/`,
  },
  lambdaLog: {
    what: "CloudWatch Logs, GB of a Lambda's log",
    list: '$0.50 up to 10 TB, $0.25 up to 30 TB, $0.10 up to 50 TB, $0.05 beyond',
    tiers: [
      { upTo: 10e3, price: 0.5 },
      { upTo: 30e3, price: 0.25 },
      { upTo: 50e3, price: 0.1 },
      { upTo: Infinity, price: 0.05 },
    ],
    page: `${aws}/cloudwatch/pricing/`,
    readIn: 'https://www.duckbillgroup.com/?p=9080 ($12,500 for 60 TB, which these tiers give)',
  },
  log: {
    what: 'CloudWatch Logs, GB of any other log',
    list: '$0.50',
    tiers: [{ upTo: Infinity, price: 0.5 }],
    page: `${aws}/cloudwatch/pricing/`,
    readIn: 'https://c3x.dev/blog/cloudwatch-logs-cost-optimization',
  },
  keptLog: {
    what: 'CloudWatch Logs, GB-months kept, compressed',
    list: '$0.03',
    tiers: [{ upTo: Infinity, price: 0.03 }],
    page: `${aws}/cloudwatch/pricing/`,
    readIn: 'https://c3x.dev/blog/cloudwatch-logs-cost-optimization',
  },
  metric: {
    what: 'CloudWatch, custom metrics',
    list: '$0.30 each for the first 10,000',
    tiers: [
      { upTo: 10e3, price: 0.3 },
      { upTo: Infinity, price: 0.1 },
    ],
    page: `${aws}/cloudwatch/pricing/`,
    readIn: 'https://signoz.io/guides/cloudwatch-pricing',
  },
  alarm: {
    what: 'CloudWatch, metrics watched by alarms',
    list: '$0.10 each',
    tiers: [{ upTo: Infinity, price: 0.1 }],
    page: `${aws}/cloudwatch/pricing/`,
  },
  dashboard: {
    what: 'CloudWatch, dashboards',
    list: '$3 each',
    tiers: [{ upTo: Infinity, price: 3 }],
    page: `${aws}/cloudwatch/pricing/`,
    readIn:
      'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards.md',
  },
  trace: {
    what: 'X-Ray, traces recorded',
    list: '$5 a million',
    tiers: [{ upTo: Infinity, price: 5e-6 }],
    page: `${aws}/xray/pricing/`,
    readIn: `${aws}/de/xray/pricing/`,
  },
  secret: {
    what: 'Secrets Manager, secrets',
    list: '$0.40 each',
    tiers: [{ upTo: Infinity, price: 0.4 }],
    page: `${aws}/secrets-manager/pricing/`,
    readIn:
      'https://hivebook.wiki/wiki/aws-secrets-manager-rotated-secrets-dynamic-db-credentials-kms',
  },
  secretRead: {
    what: 'Secrets Manager, calls',
    list: '$0.05 for 10,000',
    tiers: [{ upTo: Infinity, price: 5e-6 }],
    page: `${aws}/secrets-manager/pricing/`,
    readIn:
      'https://hivebook.wiki/wiki/aws-secrets-manager-rotated-secrets-dynamic-db-credentials-kms',
  },
  egress: {
    what: 'GB sent to the internet',
    list: '$0.09 up to 10 TB, $0.085 up to 50 TB, $0.07 up to 150 TB, $0.05 beyond',
    tiers: [
      { upTo: 10e3, price: 0.09 },
      { upTo: 50e3, price: 0.085 },
      { upTo: 150e3, price: 0.07 },
      { upTo: Infinity, price: 0.05 },
    ],
    page: `${aws}/ec2/pricing/on-demand/`,
    readIn: 'https://atonementlicensing.com/blog/aws-egress-negotiation/',
  },
  essentials: {
    what: 'Cognito Essentials, monthly active users',
    list: '$0.015 each',
    tiers: [{ upTo: Infinity, price: 0.015 }],
    page: `${aws}/cognito/pricing/`,
  },
  lite: {
    what: 'Cognito Lite, monthly active users',
    list: '$0.0055 each up to 100,000, $0.0046 up to 1 million, $0.00325 up to 10 million, $0.0025 beyond',
    tiers: [
      { upTo: 100e3, price: 0.0055 },
      { upTo: 1e6, price: 0.0046 },
      { upTo: 10e6, price: 0.00325 },
      { upTo: Infinity, price: 0.0025 },
    ],
    page: `${aws}/cognito/pricing/`,
  },
  vcpuHour: {
    what: 'Fargate arm64, vCPU-hours',
    list: '$0.03238',
    tiers: [{ upTo: Infinity, price: 0.03238 }],
    page: `${aws}/fargate/pricing/`,
    readIn: 'https://www.vantage.sh/blog/fargate-pricing',
  },
  memoryHour: {
    what: 'Fargate arm64, GB-hours',
    list: '$0.00356',
    tiers: [{ upTo: Infinity, price: 0.00356 }],
    page: `${aws}/fargate/pricing/`,
    readIn: 'https://www.vantage.sh/blog/fargate-pricing',
  },
  balancerHour: {
    what: 'Application Load Balancer, hours',
    list: '$0.0225',
    tiers: [{ upTo: Infinity, price: 0.0225 }],
    page: `${aws}/elasticloadbalancing/pricing/`,
    readIn: 'https://awsnegotiations.com/elastic-load-balancer-cost.html',
  },
  balancerUnit: {
    what: 'Application Load Balancer, capacity-unit-hours (25 new connections a second, or 1 GB an hour)',
    list: '$0.008',
    tiers: [{ upTo: Infinity, price: 0.008 }],
    page: `${aws}/elasticloadbalancing/pricing/`,
    readIn: 'https://awsnegotiations.com/elastic-load-balancer-cost.html',
  },
} as const satisfies Record<string, Price>;
