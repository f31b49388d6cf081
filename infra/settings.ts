import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { contracts } from '../functions/contracts.ts';
import type { Policy } from '../functions/core/session/policy.ts';
import { policyProblem } from '../functions/core/session/policy.ts';

/** How much of an API may be used. */
export interface Throttle {
  /** Requests a second, over time. */
  readonly rate: number;
  /** Requests at once. */
  readonly burst: number;
}

/** Someone who calls with an api key, and what the plan of that client allows. */
export interface Client extends Throttle {
  /** What the key is called; its value is never here. */
  readonly name: string;
  readonly quota: { readonly limit: number; readonly period: 'DAY' | 'WEEK' | 'MONTH' };
}

/** A name of one's own in front of the APIs. */
export interface Domain {
  readonly name: string;
  readonly certificateArn: string;
  readonly hostedZoneId: string;
  readonly hostedZoneName: string;
}

/** What a contract's stage may say of it. */
export interface ContractSettings {
  readonly policy?: Partial<Policy>;
  readonly throttle?: Throttle;
  /** Origins whose pages may call it (CORS); none by default. */
  readonly allowedOrigins?: readonly string[];
  /** After how many minutes without a request someone is told; by default never. */
  readonly quietMinutes?: number;
}

/** What differs between stages. */
export interface Settings {
  /** Whether the table and the keys outlive the stack, and the table can't be deleted. */
  readonly retain: boolean;
  readonly logRetentionDays: number;
  readonly throttle: Throttle;
  readonly contracts: Readonly<Record<string, ContractSettings>>;
  readonly clients: readonly Client[];
  /** Whether another stack has given API Gateway the account's role for logs already. */
  readonly accountHasLoggingRole: boolean;
  /** How many Lambdas the account may run at once; AWS gives 1000, and new accounts less. */
  readonly accountConcurrency: number;
  /** Whether sam may run the template's functions on the table of `npm start`. */
  readonly sam: boolean;
  readonly domain?: Domain;
  /** Who is told of alarms; without it they are only shown. */
  readonly alarmEmail?: string;
}

export type Stage = 'dev' | 'prod';

/** The stages. `cdk deploy -c stage=prod`; `dev` is the default. */
export const settings: Readonly<Record<Stage, Settings>> = {
  dev: {
    retain: false,
    logRetentionDays: 7,
    throttle: { rate: 50, burst: 100 },
    contracts: {},
    clients: [{ name: 'workspace', rate: 20, burst: 40, quota: { limit: 100_000, period: 'DAY' } }],
    accountHasLoggingRole: false,
    accountConcurrency: 1000,
    sam: true,
  },
  prod: {
    retain: true,
    logRetentionDays: 90,
    throttle: { rate: 2000, burst: 4000 },
    contracts: {},
    clients: [
      { name: 'workspace', rate: 200, burst: 400, quota: { limit: 10_000_000, period: 'DAY' } },
    ],
    accountHasLoggingRole: false,
    accountConcurrency: 1000,
    sam: false,
  },
};

/**
 * The settings of a stage.
 * @throws Error with a sentence that names what makes no sense
 */
export function settingsOf(stage: unknown): Settings {
  if (stage !== 'dev' && stage !== 'prod') throw new Error('stage is dev or prod');
  return checked(settings[stage]);
}

/** A contract's policy in a stage. */
export function policyOf(
  { contracts: own }: Pick<Settings, 'contracts'>,
  { name, policy }: { readonly name: string; readonly policy: Policy },
): Policy {
  return { ...policy, ...own[name]?.policy };
}

/**
 * The settings, if they make sense.
 * @throws Error with a sentence that names what does not
 */
export function checked(given: Settings): Settings {
  for (const name of Object.keys(given.contracts))
    if (!contracts.some((contract) => contract.name === name))
      throw new Error(`settings name a contract ${name}, and there is none`);
  for (const contract of contracts) {
    const problem = policyProblem(policyOf(given, contract), contract);
    if (problem) throw new Error(`${contract.name}: ${problem}`);
  }
  const throttles: [string, Throttle | undefined][] = [
    ['throttle', given.throttle],
    ...Object.entries(given.contracts).map(
      ([name, { throttle }]): [string, Throttle | undefined] => [name, throttle],
    ),
    ...given.clients.map((client): [string, Throttle] => [`client ${client.name}`, client]),
  ];
  for (const [what, throttle] of throttles)
    if (throttle && !(throttle.rate > 0 && isCount(throttle.burst)))
      throw new Error(`${what}: rate and burst must be over 0, and burst whole`);
  for (const { name, quota } of given.clients)
    if (!isCount(quota.limit))
      throw new Error(`client ${name}: its quota must be over 0, and whole`);
  for (const [name, { allowedOrigins = [] }] of Object.entries(given.contracts))
    for (const origin of allowedOrigins)
      if (!isOrigin(origin))
        throw new Error(`${name}: ${origin} is no origin like https://shop.example`);
  for (const [name, { quietMinutes = 1 }] of Object.entries(given.contracts))
    if (!(isCount(quietMinutes) && quietMinutes <= 24 * 60))
      throw new Error(`${name}: quietMinutes is a whole number up to a day's`);
  if (!isCount(given.accountConcurrency))
    throw new Error('accountConcurrency must be over 0, and whole');
  if (!retentions.has(given.logRetentionDays))
    throw new Error(
      `logRetentionDays is ${given.logRetentionDays}; CloudWatch Logs keeps ${[...retentions].join(', ')}`,
    );
  const names = given.clients.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice) throw new Error(`client ${twice} is there twice`);
  return given;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

/** Whether a browser would send the text as it stands in `Origin`. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** The days that CloudWatch Logs takes; `RetentionDays` has 9999 for never. */
const retentions = new Set(
  Object.values(RetentionDays).filter((days) => typeof days === 'number' && days < 9999),
);
