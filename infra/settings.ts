import type { Policy } from '../functions/core/session/policy.ts';

/** How much of an API may be used. */
export interface Throttle {
  /** Requests per second, sustained. */
  readonly rate: number;
  /** Requests at the same moment. */
  readonly burst: number;
}

/** A client that calls with an api key, and the limits of its usage plan. */
export interface Client extends Throttle {
  /** The name of the key. Its value is in no template. */
  readonly name: string;
  readonly quota: { readonly limit: number; readonly period: 'DAY' | 'WEEK' | 'MONTH' };
}

/** A custom domain in front of the APIs. */
export interface Domain {
  readonly name: string;
  readonly certificateArn: string;
  readonly hostedZoneId: string;
  readonly hostedZoneName: string;
}

/** AWS WAF before each API. */
export interface Firewall {
  /** Requests that one address may send to one contract within five minutes. */
  readonly ratePerAddress: number;
  /** Rules of AWSManagedRulesCommonRuleSet that count a request and let it pass. Default: none. */
  readonly onlyCounted?: readonly string[];
}

/** The read and write units per second that the table serves from the start. */
export interface WarmThroughput {
  readonly reads: number;
  readonly writes: number;
}

/** Which requests X-Ray traces: https://aws.amazon.com/xray/pricing/ says what a trace costs. */
export interface Traces {
  /** The requests of each second that are traced in any case. */
  readonly perSecond: number;
  /** The share of all other requests, from 0 to 1. */
  readonly share: number;
}

/** What a stage changes about one contract. */
export interface ContractSettings {
  readonly policy?: Partial<Policy>;
  readonly throttle?: Throttle;
  /** The origins whose pages may call the contract (CORS). Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** Alarms after this many minutes without a request. Default: never. */
  readonly quietMinutes?: number;
}

/** The settings of one stage: a file in infra/stages/. */
export interface Settings {
  /** The account and Region to deploy to. Default: those of the CDK CLI's credentials. */
  readonly target?: { readonly account: string; readonly region: string };
  /** Tags of every resource, besides `service` and `stage`. */
  readonly tags: Readonly<Record<string, string>>;
  /** Whether table and keys survive the stack's deletion, and both are protected against deletion. */
  readonly retain: boolean;
  readonly logRetentionDays: number;
  readonly throttle: Throttle;
  readonly contracts: Readonly<Record<string, ContractSettings>>;
  readonly clients: readonly Client[];
  /** Whether to leave API Gateway's account-wide role for logs as it is. */
  readonly accountHasLoggingRole: boolean;
  /** The account's quota of concurrent Lambda executions. AWS's default is 1000; new accounts have less. */
  readonly accountConcurrency: number;
  /** Whether `sam local` may run the template's functions on the table of `npm start`. */
  readonly sam: boolean;
  /** How much of the traffic a new version of a refresh Lambda gets first, and for how long. */
  readonly canary: (typeof canaries)[number];
  /** Whether to put an event onto a bus when a session opens or ends: docs/events.md. */
  readonly sessionEvents: boolean;
  readonly traces: Traces;
  /** Default: no firewall. */
  readonly firewall?: Firewall;
  /** Default: what DynamoDB gives a new table, 12000 reads and 4000 writes. It can't be lowered again. */
  readonly warmThroughput?: WarmThroughput;
  readonly domain?: Domain;
  /** The address that receives alarms. Default: alarms are only shown. */
  readonly alarmEmail?: string;
}

/** The canaries that CodeDeploy knows. */
export const canaries = [
  'all at once',
  '10 % for 5 minutes',
  '10 % for 10 minutes',
  '10 % for 15 minutes',
  '10 % for 30 minutes',
] as const;

/** The values that stages share. They suit production; a stage overrides what differs. */
export const defaults = {
  tags: {},
  retain: true,
  logRetentionDays: 90,
  throttle: { rate: 2000, burst: 4000 },
  contracts: {},
  clients: [],
  accountHasLoggingRole: false,
  accountConcurrency: 1000,
  sam: false,
  canary: '10 % for 5 minutes',
  sessionEvents: false,
  // X-Ray's own default is 0.05.
  traces: { perSecond: 1, share: 0.01 },
} as const satisfies Settings;

/** A contract's policy in a stage: that of the sessions it serves. */
export function policyOf(
  { contracts: own }: Pick<Settings, 'contracts'>,
  { serves, policy }: { readonly serves: string; readonly policy: Policy },
): Policy {
  return { ...policy, ...own[serves]?.policy };
}
