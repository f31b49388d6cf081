import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { addChecks } from '../../infra/checks.ts';
import { domain, newApp, stackOf } from './synthesis.ts';

const origins = { allowedOrigins: ['https://shop.example', 'https://www.shop.example'] };

describe('cdk-nag', () => {
  test.for([
    { what: 'dev', stage: 'dev', changes: {} },
    { what: 'prod', stage: 'prod', changes: {} },
    { what: 'prod with a custom domain', stage: 'prod', changes: { domain } },
    { what: 'prod with alarms', stage: 'prod', changes: { alarmEmail: 'oncall@shop.example' } },
    {
      what: 'dev with origins for every contract',
      stage: 'dev',
      changes: { contracts: { eos: origins, s360: origins, ccstore: origins } },
    },
    { what: 'prod with session events', stage: 'prod', changes: { sessionEvents: true } },
    {
      what: 'prod with a firewall',
      stage: 'prod',
      changes: { firewall: { ratePerAddress: 2000 } },
    },
    {
      what: 'an account with a logging role',
      stage: 'prod',
      changes: { accountHasLoggingRole: true },
    },
  ] as const)('finds nothing in $what', ({ stage, changes }) => {
    const app = newApp();
    stackOf(app, changes, stage);
    addChecks(app);
    expect(() => app.synth()).not.toThrow();
  });

  test('fails on a finding that is not acknowledged', () => {
    const app = newApp();
    new Bucket(stackOf(app, {}, 'dev'), 'Bucket');
    addChecks(app);
    expect(() => app.synth()).toThrow('server access logs');
  });
});
