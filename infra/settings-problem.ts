// The file is over 150 lines so that the rules of all settings of a stage are read in one place.

import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { contracts, sessionOwners } from '../functions/contracts.ts';
import type { Contract } from '../functions/core/contract/contract.ts';
import { type Policy, policyProblem } from '../functions/core/session/policy.ts';
import {
  isRecord,
  listOf,
  object,
  oneOf,
  only,
  optional,
  type Rule,
  recordOf,
  text,
  whole,
} from './rules.ts';
import { type ContractSettings, canaries, policyOf, type Settings } from './settings.ts';

/**
 * What is wrong with a stage's settings: one sentence that names the setting, its value and what is
 * allowed. Undefined where nothing is. Unknown settings are wrong too: a misspelt one would do nothing.
 */
export function settingsProblem(given: unknown): string | undefined {
  const problem = isRecord(given) ? stage(given, '') : noSettings;
  if (problem) return problem;
  const settings = given as Settings;
  for (const contract of sessionOwners) {
    const wrong = policyProblem(policyOf(settings, contract), contract);
    if (wrong) return `contracts.${contract.name}.policy: ${wrong}`;
  }
  const { domain } = settings;
  if (domain && !`.${domain.name}`.endsWith(`.${domain.hostedZoneName}`))
    return `domain.name is '${domain.name}'; expected a name in domain.hostedZoneName, '${domain.hostedZoneName}'`;
  const names = settings.clients.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  return twice && `clients has '${twice}' twice; expected a name of its own for each client`;
}

const noSettings = 'the file exports no settings; expected `export const settings: Settings`';

const flag = only('true or false', (value) => typeof value === 'boolean');
const share = only('a number from 0 to 1', (value) => {
  return typeof value === 'number' && value >= 0 && value <= 1;
});
const seconds = only('a number of seconds', (value) => typeof value === 'number');
const domainName = text('a domain name like shop.example', /^([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/);
const throttling = {
  rate: only('a number over 0', (value) => Number.isFinite(value) && Number(value) > 0),
  burst: whole(1),
};

/** Whether a browser would send exactly this text in `Origin`. */
const origin = only('an origin like https://shop.example', (value) => {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value;
});

/** The days that CloudWatch Logs accepts. `RetentionDays` has 9999 for "never". */
const retentions = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days < 9999,
);

/** The rules of a contract's settings. */
function contractSettings(contract: Contract): Rule {
  return object<ContractSettings>({
    policy: optional(policyOfOwner(contract)),
    throttle: optional(object(throttling)),
    allowedOrigins: optional(listOf(origin)),
    quietMinutes: optional(whole(1, 24 * 60)),
  });
}

/** Only the types of a policy's members: policyProblem judges their values. */
function policyOfOwner({ name, serves, policy, rotates }: Contract): Rule {
  if (serves !== name)
    return only(`no policy: it serves the sessions of ${serves}, whose policy it has`, () => false);
  const grace = object<{ readonly grace: number }>({ grace: seconds });
  return object<Policy>({
    idle: optional(typeof policy.idle === 'number' ? seconds : object({ token: seconds })),
    lifetime: optional(seconds),
    rotation: optional((value, at) =>
      rotates && isRecord(value)
        ? grace(value, at)
        : only(rotates ? "'fixed' or { grace: seconds }" : "'fixed'", isFixed)(value, at),
    ),
  });
}

const isFixed = (value: unknown) => value === 'fixed';

const stage = object<Settings>({
  target: optional(
    object<Required<Settings>['target']>({
      account: text('an account of 12 digits', /^\d{12}$/),
      region: text('a Region like eu-west-1', /^[a-z]{2}(-[a-z]+)+-\d$/),
    }),
  ),
  tags: recordOf(
    'a name of 1 to 128 characters that is not service or stage, and does not begin with aws:',
    /^(?!aws:|(?:service|stage)$)[\w .:/=+@-]{1,128}$/,
    text('a text of 1 to 256 letters, digits and _.:/=+@-', /^[\w .:/=+@-]{1,256}$/),
  ),
  retain: flag,
  logRetentionDays: oneOf(...retentions),
  throttle: object(throttling),
  contracts: (value, at) =>
    object<Record<string, ContractSettings>>(
      Object.fromEntries(
        contracts.map((contract) => [contract.name, optional(contractSettings(contract))]),
      ),
    )(value, at),
  clients: listOf(
    object<Settings['clients'][number]>({
      // The name becomes part of outputs: two names must not become the same one there.
      name: text('words of a-z and 0-9 joined by -', /^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/),
      ...throttling,
      quota: object<Settings['clients'][number]['quota']>({
        limit: whole(1),
        period: oneOf('DAY', 'WEEK', 'MONTH'),
      }),
    }),
  ),
  accountHasLoggingRole: flag,
  accountConcurrency: whole(1),
  sam: flag,
  canary: oneOf(...canaries),
  sessionEvents: flag,
  traces: object<Settings['traces']>({ perSecond: whole(0), share }),
  firewall: optional(
    object<Required<Settings>['firewall']>({
      // AWS WAF's own limits.
      ratePerAddress: whole(10, 2_000_000_000),
      onlyCounted: optional(
        listOf(text('the name of a rule like NoUserAgent_HEADER', /^[A-Za-z0-9_]{1,128}$/)),
      ),
    }),
  ),
  warmThroughput: optional(
    object<Required<Settings>['warmThroughput']>({ reads: whole(12_000), writes: whole(4000) }),
  ),
  domain: optional(
    object<Required<Settings>['domain']>({
      name: domainName,
      certificateArn: text(
        'the ARN of a certificate in ACM',
        /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
      ),
      hostedZoneId: text('the id of a hosted zone', /^[A-Z0-9]{1,32}$/),
      hostedZoneName: domainName,
    }),
  ),
  alarmEmail: optional(text('an e-mail address', /^[^\s@]+@[^\s@]+\.[^\s@]+$/)),
});
