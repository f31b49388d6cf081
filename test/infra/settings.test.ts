import { describe, expect, test } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import { policyIn } from '../../functions/core/lambda/services.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { checked, type Settings, settings, settingsOf } from '../../infra/settings.ts';
import { resources, synthesized } from './synthesis.ts';

/** Settings with something changed that a type would not let pass. */
function changed(changes: Record<string, unknown>): Settings {
  return { ...settings.dev, ...changes };
}

/** The variables that a Lambda of the template starts with, by the beginning of its name. */
function environment(stage: Settings, lambda: string): Record<string, string> {
  const found = resources(synthesized(stage), 'AWS::Lambda::Function').find(([id]) =>
    id.startsWith(`${lambda}Function`),
  );
  const given = found?.[1].Properties.Environment;
  const { Variables } = given as { Variables: Record<string, string> };
  return Variables;
}

describe('settings', () => {
  test.for(['dev', 'prod'])('of %s make sense', (stage) => {
    expect(() => settingsOf(stage)).not.toThrow();
  });

  test.for([
    { contract: eos, lambda: 'eos', policy: { idle: 60 } },
    { contract: eos, lambda: 'eos', policy: { lifetime: 90_000 } },
    { contract: s360, lambda: 's360', policy: { idle: 61 } },
    { contract: s360, lambda: 's360', policy: { lifetime: 90_001 } },
    { contract: ccstore, lambda: 'ccstore', policy: { idle: { token: 62 } } },
    { contract: ccstore, lambda: 'ccstore', policy: { lifetime: 90_002 } },
  ])('give $lambda and session-admin its policy $policy', ({ contract, lambda, policy }) => {
    const given = changed({ contracts: { [contract.name]: { policy } } });
    const expected = { ...contract.policy, ...policy };
    expect(policyIn(environment(given, lambda), contract)).toEqual(expected);
    expect(policyIn(environment(given, 'SessionAdmin'), contract)).toEqual(expected);
  });

  test('leave every other policy as its contract has it', () => {
    const given = changed({ contracts: { eos: { policy: { idle: 60 } } } });
    const admin = environment(given, 'SessionAdmin');
    for (const contract of contracts.filter(({ name }) => name !== 'eos'))
      expect(policyIn(admin, contract)).toEqual(contract.policy);
  });

  test('give a Lambda no policy but its own', () => {
    const { SESSION_POLICIES = '' } = environment(settings.dev, 'eos');
    expect(Object.keys(JSON.parse(SESSION_POLICIES))).toEqual(['eos']);
  });

  test.for([
    {
      what: 'a negative idle',
      contracts: { eos: { policy: { idle: -1 } } },
      says: 'eos: idle is -1',
    },
    { what: 'an idle of 0', contracts: { eos: { policy: { idle: 0 } } }, says: 'eos: idle is 0' },
    {
      what: 'half a second',
      contracts: { s360: { policy: { idle: 0.5 } } },
      says: 's360: idle is 0.5',
    },
    {
      what: 'a lifetime under idle',
      contracts: { s360: { policy: { lifetime: 100 } } },
      says: 's360: lifetime is 100; it must be at least idle, 1800',
    },
    {
      what: 'an endless lifetime',
      contracts: { eos: { policy: { lifetime: Number.POSITIVE_INFINITY } } },
      says: 'eos: lifetime is Infinity',
    },
    {
      what: 'rotation on s360',
      contracts: { s360: { policy: { rotation: { grace: 30 } } } },
      says: 's360: rotation must be fixed',
    },
    {
      what: 'a grace of 0',
      contracts: { eos: { policy: { rotation: { grace: 0 } } } },
      says: 'eos: grace is 0; it must be at least 10',
    },
    {
      what: 'a grace over half of idle',
      contracts: { eos: { policy: { rotation: { grace: 901 } } } },
      says: 'eos: grace is 901; it must be at most half of idle, 1800',
    },
    {
      what: 'a grace over half of a token’s life',
      contracts: { ccstore: { policy: { rotation: { grace: 466 } } } },
      says: 'ccstore: grace is 466; it must be at most half of idle, 930',
    },
    {
      what: 'a sliding ccstore',
      contracts: { ccstore: { policy: { idle: 60 } } },
      says: 'ccstore: idle must be { token: seconds }',
    },
    { what: 'an unknown contract', contracts: { nobody: {} }, says: 'a contract nobody' },
  ])('stop synthesis at $what', ({ contracts: own, says }) => {
    expect(() => checked(changed({ contracts: own }))).toThrow(says);
  });

  test.for([
    { what: 'a rate of 0', changes: { throttle: { rate: 0, burst: 1 } }, says: 'throttle: rate' },
    {
      what: 'a client without quota',
      changes: {
        clients: [{ name: 'one', rate: 1, burst: 1, quota: { limit: 0, period: 'DAY' } }],
      },
      says: 'client one: its quota',
    },
    { what: 'half a burst', changes: { throttle: { rate: 1, burst: 1.5 } }, says: 'burst whole' },
    { what: 'logs of 10 days', changes: { logRetentionDays: 10 }, says: 'logRetentionDays is 10;' },
    { what: 'logs without end', changes: { logRetentionDays: 9999 }, says: 'is 9999;' },
    ...['https://shop.example/', 'https://shop.example ', 'shop.example', '*', 'null'].map(
      (bad) => ({
        what: `the origin '${bad}'`,
        changes: { contracts: { eos: { allowedOrigins: ['https://a.example', bad] } } },
        says: `eos: ${bad} is no origin`,
      }),
    ),
    {
      what: 'one client twice',
      changes: { clients: [...settings.dev.clients, ...settings.dev.clients] },
      says: 'client workspace is there twice',
    },
  ])('stop synthesis at $what', ({ changes, says }) => {
    expect(() => checked(changed(changes))).toThrow(says);
  });

  test('know dev and prod, and no other stage', () => {
    expect(() => settingsOf('staging')).toThrow('stage is dev or prod');
  });
});
