import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, inject, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { queries } from '../../infra/queries.ts';
import { asText, resources, synthesized } from './synthesis.ts';

const quiet = { quietMinutes: 15 };
const rotating = { ...quiet, policy: { rotation: { grace: 60 } } };
const template = synthesized({
  sessionEvents: true,
  contracts: Object.fromEntries(
    contracts.map(({ name, serves, rotates }) => [
      name,
      rotates && serves === name ? rotating : quiet,
    ]),
  ),
});
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
  test('name a heading of the runbook each, and use every heading', () => {
    expect(headings.length).toBeGreaterThan(5);
    expect([...new Set(alarms.map(headingOf))].toSorted()).toEqual(headings.toSorted());
  });

  test.for(contracts)('watch $name for every kind of failure', ({ name, apiKey, rotates }) => {
    const common = ['5xx', 'crashes', 'guesses', 'keys', 'quiet', 'slow', 'throttled'];
    const own = resources(template, 'AWS::CloudWatch::Alarm')
      .map(([id]) => id)
      .filter((id) => new RegExp(`^Observability${name}(?!ui)`).test(id));
    expect(own).toHaveLength(common.length + (apiKey === 'required' ? 1 : 0) + (rotates ? 1 : 0));
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
    const described = resources(synthesized(), 'AWS::CloudWatch::Alarm').map(
      ([, r]) => r.Properties,
    );
    expect(described.map(headingOf)).not.toContain('Nobody calls');
    expect(described.map(headingOf)).not.toContain('A replaced secret was used');
  });

  test('watch concurrency against the account’s quota in the settings', () => {
    const changed = synthesized({ accountConcurrency: 50 });
    const thresholds = resources(changed, 'AWS::CloudWatch::Alarm').map(([, r]) => r.Properties);
    const [found] = thresholds.filter(({ MetricName }) => MetricName === 'ConcurrentExecutions');
    expect(found).toMatchObject({ Threshold: 40 });
  });
});

describe('metrics', () => {
  /** The names under which the Lambdas' own metrics are asked for, in alarms and on the dashboard. */
  function watched(): Set<string> {
    const [[, dashboard] = []] = resources(template, 'AWS::CloudWatch::Dashboard');
    const names = [...asText(dashboard?.Properties.DashboardBody).matchAll(ownOnDashboard)];
    const inAlarms = [...JSON.stringify(alarms).matchAll(ownInAlarms)];
    expect([names.length > 0, inAlarms.length > 0]).toEqual([true, true]);
    return new Set([...names, ...inAlarms].map(([, name]) => name ?? ''));
  }
  const ownOnDashboard = /\["Stack","([\w-]+)"/g;
  const ownInAlarms = /"MetricName":"([\w-]+)","Namespace":"Stack"/g;

  test('that alarms and dashboard read are exactly those that the Lambdas write', () => {
    const { stdout } = spawnSync(
      process.execPath,
      ['test/leaks/every-path.ts', inject('embedded')],
      { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    );
    const written = stdout
      .split('\n')
      .filter((line) => line.startsWith('{"_aws"'))
      .flatMap((line) => JSON.parse(line)._aws.CloudWatchMetrics)
      .flatMap(({ Metrics }: { Metrics: { Name: string }[] }) => Metrics.map(({ Name }) => Name));
    expect([...watched()].toSorted()).toEqual([...new Set(written)].toSorted());
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
  const [[, dashboard] = []] = resources(template, 'AWS::CloudWatch::Dashboard');
  const body = asText(dashboard?.Properties.DashboardBody);
  for (const { name, path } of contracts) expect(body).toContain(`## ${name}: POST ${path}`);
  expect(body).toContain('## The table');
  expect(dashboard?.Properties.DashboardName).toBe('Stack');
});
