import { Duration } from 'aws-cdk-lib';
import {
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { type Outcome, outcomes } from '../functions/core/lambda/outcome.ts';
import type { RefreshApi } from './refresh-api.ts';
import { refreshOperations } from './refresh-operations.ts';
import { serviceMetric } from './service-metrics.ts';
import type { SessionTable } from './session-table.ts';
import { policyOf, type Settings } from './settings.ts';

export interface DashboardProps {
  /** The dashboard's name, which is also the namespace of the Lambdas' metrics. */
  readonly name: string;
  readonly apis: readonly RefreshApi[];
  readonly sessions: SessionTable;
  readonly settings: Settings;
}

/** One dashboard: a section for each contract, and one for the table. */
export class HealthDashboard extends Construct {
  constructor(scope: Construct, id: string, { name, apis, sessions, settings }: DashboardProps) {
    super(scope, id);
    new Dashboard(this, 'Dashboard', {
      dashboardName: name,
      defaultInterval: Duration.hours(3),
      widgets: [
        ...apis.flatMap((api) => contractRows(api, sessions, name, settings)),
        ...tableRows(sessions),
      ],
    });
  }
}

const period = Duration.minutes(1);
const sum = { period, statistic: Stats.SUM };
const [p50, p99] = ['p50', 'p99'].map((statistic) => ({ period, statistic }));

function contractRows(
  { api, lambda, contract }: RefreshApi,
  sessions: SessionTable,
  namespace: string,
  settings: Settings,
): IWidget[][] {
  const own = (name: Parameters<typeof serviceMetric>[2], options = {}) =>
    serviceMetric(namespace, contract.name, name, options);
  const operations = refreshOperations(policyOf(settings, contract));
  // Only a contract with anonymous sessions, or with rotation, has these outcomes.
  const possible: Partial<Record<Outcome, boolean>> = {
    'not-logged-in': contract.opening.anonymous,
    settling: contract.rotates,
  };
  const met = outcomes.filter((name) => possible[name] ?? true);
  return [
    [title(`${contract.name}: POST ${contract.path}`)],
    [
      graph('Traffic', [
        api.metricCount({ ...sum, label: 'requests' }),
        api.metricClientError({ ...sum, label: '4xx' }),
        api.metricServerError({ ...sum, label: '5xx' }),
      ]),
      graph(
        'Refreshed and refused, by reason',
        met.map((name) => own(name)),
      ),
      graph(
        'Latency (ms)',
        [p50, p99].flatMap((options) => [
          api.metricLatency({ ...options, label: `gateway ${options?.statistic}` }),
          lambda.metricDuration({ ...options, label: `Lambda ${options?.statistic}` }),
          own('latency', { ...options, label: `handler ${options?.statistic}` }),
          own('storage-latency', { ...options, label: `storage ${options?.statistic}` }),
          ...operations.map((operation) =>
            sessions.metricLatency(operation, {
              ...options,
              label: `DynamoDB ${operation} ${options?.statistic}`,
            }),
          ),
        ]),
      ),
      graph('Trouble', [
        lambda.metricErrors({ ...sum, label: 'Lambda crashes' }),
        lambda.metricThrottles({ ...sum, label: 'Lambda throttles' }),
        own('keys-unread'),
        own('cold-start'),
      ]),
    ],
  ];
}

function tableRows(sessions: SessionTable): IWidget[][] {
  return [
    [title('The table, which all contracts share')],
    [
      graph('Consumed capacity units', sessions.metricCapacity(period)),
      graph('Throttled requests', [sessions.metricThrottles(period)]),
    ],
  ];
}

function title(text: string): IWidget {
  return new TextWidget({ markdown: `## ${text}`, width: 24, height: 1 });
}

function graph(title: string, left: readonly IMetric[]): IWidget {
  return new GraphWidget({ title, left: [...left], width: 6, height: 7 });
}
