import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { type MetricName, type Outcome, outcomes } from '../../functions/core/lambda/outcome.ts';
import { queries } from '../../infra/queries.ts';
import { asText, everything, only, resources, synthesized } from './synthesis.ts';

const template = synthesized(everything, 'prod');
const plain = synthesized({ accountConcurrency: 50 });
const alarms = resources(template, 'AWS::CloudWatch::Alarm').map(
  ([, { Properties }]) => Properties,
);
const runbook = readFileSync('docs/operations.md', 'utf8');

/** The headings of the runbook under "Alarms". */
const headings = (/^## Alarms\n(.*?)^## /ms.exec(runbook)?.[1] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('### '))
  .map((line) => line.slice(4));

function headingOf({ AlarmDescription }: (typeof alarms)[number]): string {
  return (
    /^docs\/operations\.md, "(.+)", says what to do\.$/.exec(String(AlarmDescription))?.[1] ?? ''
  );
}

describe('alarms', () => {
  test('name a heading of the runbook each, and its index has every heading', () => {
    expect(headings.length).toBeGreaterThan(5);
    expect([...new Set(alarms.map(headingOf))].toSorted()).toEqual(headings.toSorted());
    // The index at the page's head.
    const rows = [...runbook.matchAll(/^\| \[(.+?)\]\(#[\w-]+\) \| .+ \| .+ \|$/gm)];
    expect(rows.map(([, heading]) => heading)).toEqual(headings);
  });

  test('watch each contract for every kind of failure, its release, the table and the account', () => {
    const own = contracts.flatMap(({ name, apiKey, rotates }) => [
      ...['5xx', 'crashes', 'guesses', 'keys', 'quiet', 'slow', 'throttled'].map(
        (kind) => `Observability${name}${kind}`,
      ),
      ...(apiKey === 'required' ? [`Observability${name}authorizer`] : []),
      ...(rotates ? [`Observability${name}reuse`] : []),
      ...['crashes', 'failures', 'slow', 'throttled'].map((kind) => `${name}release${name}${kind}`),
    ]);
    const shared = ['tablethrottled', 'concurrency', 'eventslost'];
    const pipe = ['ExecutionFailed', 'ExecutionThrottled', 'ExecutionTimeout'];
    const ids = resources(template, 'AWS::CloudWatch::Alarm').map(([id]) => id.slice(0, -8));
    expect(ids.toSorted()).toEqual(
      [
        ...own,
        ...shared.map((name) => `Observability${name}`),
        ...pipe.map((metric) => `Observabilitypipe${metric}`),
      ].toSorted(),
    );
  });

  test('treat missing data as healthy, except the one that expects requests', () => {
    const missing = Object.groupBy(alarms, headingOf);
    for (const [heading, some] of Object.entries(missing))
      for (const { TreatMissingData, ComparisonOperator } of some ?? [])
        expect([TreatMissingData, ComparisonOperator]).toEqual(
          heading === 'Nobody calls'
            ? ['breaching', 'LessThanThreshold']
            : ['notBreaching', 'GreaterThanOrEqualToThreshold'],
        );
  });

  test('leave out what a stage has not turned on: silence and rotation', () => {
    const described = resources(plain, 'AWS::CloudWatch::Alarm').map(([, r]) => r.Properties);
    expect(described.map(headingOf)).not.toContain('Nobody calls');
    expect(described.map(headingOf)).not.toContain('A replaced secret was used');
  });

  test('watch concurrency against the account’s quota in the settings', () => {
    const thresholds = resources(plain, 'AWS::CloudWatch::Alarm').map(([, r]) => r.Properties);
    const [found] = thresholds.filter(({ MetricName }) => MetricName === 'ConcurrentExecutions');
    expect(found).toMatchObject({ Threshold: 40 });
  });
});

describe('metrics', () => {
  /** The names under which the Lambdas' own metrics are asked for, in alarms and on the dashboard. */
  function watched(): Set<string> {
    const dashboard = only(template, 'AWS::CloudWatch::Dashboard').Properties;
    const names = [...asText(dashboard.DashboardBody).matchAll(ownOnDashboard)];
    const inAlarms = [...JSON.stringify(alarms).matchAll(ownInAlarms)];
    expect([names.length > 0, inAlarms.length > 0]).toEqual([true, true]);
    return new Set([...names, ...inAlarms].map(([, name]) => name ?? ''));
  }
  const ownOnDashboard = /\["Stack","([\w-]+)"/g;
  const ownInAlarms = /"MetricName":"([\w-]+)","Namespace":"Stack"/g;

  test('that alarms and dashboard read are exactly those that the Lambdas write', () => {
    const ofLambdas = {
      latency: true,
      'storage-latency': true,
      'cold-start': true,
      'keys-unread': true,
    } satisfies Record<Exclude<MetricName, Outcome>, true>;
    const written = [...outcomes, ...Object.keys(ofLambdas)];
    expect([...watched()].toSorted()).toEqual(written.toSorted());
  });

  test('are written to the namespace that alarms read', () => {
    const functions = resources(template, 'AWS::Lambda::Function');
    for (const { name } of contracts) {
      const [, found] = functions.find(([id]) => id === `${name}Function`) ?? [];
      expect(found?.Properties.Environment).toMatchObject({
        Variables: { METRICS_NAMESPACE: 'Stack' },
      });
    }
  });
});

describe('the saved queries', () => {
  test.for(queries)('are the same in the runbook and in CloudWatch: $name', ({ name, text }) => {
    expect(runbook).toContain(`\`${name}\``);
    expect(runbook).toContain(`\`\`\`\n${text}\n\`\`\``);
    const saved = resources(template, 'AWS::Logs::QueryDefinition').map(([, r]) => r.Properties);
    const [found] = saved.filter((one) => one.Name === `Stack/${name}`);
    expect(found).toMatchObject({ QueryString: text });
    // Two logs for each contract, and session-admin's.
    expect(found?.LogGroupNames).toHaveLength(2 * contracts.length + 1);
  });
});

test('the dashboard has a section for each contract, and one for the table', () => {
  const dashboard = only(template, 'AWS::CloudWatch::Dashboard').Properties;
  const body = asText(dashboard.DashboardBody);
  for (const { name, path } of contracts) expect(body).toContain(`## ${name}: POST ${path}`);
  expect(body).toContain('## The table');
  expect(dashboard.DashboardName).toBe('Stack');
});
