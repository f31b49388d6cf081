import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { Outcome } from '../../functions/core/lambda/outcome.ts';
import { type MetricName, outcomes } from '../../functions/core/lambda/outcome.ts';
import { settings as prod } from '../../infra/stages/prod.ts';
import { type Resource, resources, synthesized } from '../../test/infra/synthesis.ts';
import { largest, sizes } from '../capacity.ts';
import { type LogBytes, logBytes } from '../log-bytes.ts';
import { measured } from './assumptions.ts';
import { type Footprint, footprint } from './row.ts';

/** A contract with sessions of some size, as far as cost goes. */
export interface Subject extends Footprint {
  readonly name: string;
  readonly claimsKB: number;
  readonly logs: LogBytes;
  readonly cpuMs: number;
  /** Refreshes a second of one server. */
  readonly perSecond: number;
  /** For how many days a session is in the table. */
  readonly daysStored: number;
  /** Versions of secrets that a Lambda reads every five minutes. */
  readonly secretsRead: number;
  /** Whether its clients have api keys, and with them plans. */
  readonly keyed: boolean;
}

/** What the stack of `prod` pays for or limits, whoever calls. */
export interface Fixed {
  readonly metrics: number;
  readonly alarms: number;
  readonly dashboards: number;
  readonly secrets: number;
  readonly rate: number;
  /** What one client with a key may ask for. */
  readonly keyRate: number;
}

/** What the model goes by that the code itself says. */
export interface Facts {
  readonly subjects: readonly Subject[];
  readonly fixed: Fixed;
}

/** Asks the code: the template, the logger, and a session of every contract and size. */
export async function facts(): Promise<Facts> {
  const template = synthesized({}, 'prod');
  const count = (type: string) => resources(template, type).length;
  const alarms = resources(template, 'AWS::CloudWatch::Alarm').map(([, alarm]) => watched(alarm));
  const [format = ''] = resources(template, 'AWS::ApiGateway::Stage').map(
    ([, { Properties }]) => Object(Properties.AccessLogSetting).Format,
  );
  const subjects = contracts.flatMap((contract) =>
    sizes
      .filter((kB) => kB <= largest[contract.name as keyof typeof largest])
      .map((kB) => subjectOf(contract, kB, format)),
  );
  return {
    subjects: await Promise.all(subjects),
    fixed: {
      metrics:
        contracts.length * (outcomes.length + Object.keys(others).length) +
        count('AWS::Logs::MetricFilter'),
      alarms: alarms.reduce((sum, metrics) => sum + metrics, 0),
      dashboards: count('AWS::CloudWatch::Dashboard'),
      secrets: count('AWS::SecretsManager::Secret'),
      rate: prod.throttle.rate,
      keyRate: prod.clients[0]?.rate ?? 0,
    },
  };
}

async function subjectOf(contract: Contract, kB: number, accessLog: string): Promise<Subject> {
  const name = contract.name as keyof typeof measured.cpuMs;
  return {
    ...(await footprint(contract, kB)),
    name,
    claimsKB: kB,
    logs: logBytes(contract, accessLog),
    cpuMs: measured.cpuMs[name],
    perSecond: measured.perSecond[name],
    daysStored: contract.policy.lifetime / 86_400 + 1,
    secretsRead: contract.signs ? 3 : 1,
    keyed: contract.apiKey === 'required',
  };
}

/** The metrics that are no outcome's: all may come to be, and be paid for. */
const others = {
  latency: true,
  'storage-latency': true,
  'cold-start': true,
  'keys-unread': true,
} satisfies Record<Exclude<MetricName, Outcome>, true>;

/** How many metrics an alarm watches: one, or those of its expression. */
function watched({ Properties: { Metrics } }: Resource): number {
  if (!Array.isArray(Metrics)) return 1;
  return Metrics.filter((metric) => 'MetricStat' in metric).length;
}
