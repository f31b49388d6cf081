import { describe, expect, test } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import { policyIn } from '../../functions/core/lambda/services.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import type { Settings } from '../../infra/settings.ts';
import { settingsProblem } from '../../infra/settings-problem.ts';
import { domain, resources, stages, synthesized } from './synthesis.ts';

/** Settings of dev, some changed to what their types may forbid. */
function changed(changes: object): Settings {
  return { ...stages.dev, ...changes };
}

/** The variables of a Lambda of the template, by the beginning of its name. */
function environment(stage: Settings, lambda: string): Record<string, string> {
  const found = resources(synthesized(stage), 'AWS::Lambda::Function').find(([id]) =>
    id.startsWith(`${lambda}Function`),
  );
  const given = found?.[1].Properties.Environment;
  const { Variables } = given as { Variables: Record<string, string> };
  return Variables;
}

describe('settings', () => {
  test.for(Object.entries(stages))('of %s are valid', ([, settings]) => {
    expect(settingsProblem(settings)).toBeUndefined();
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
    const { SESSION_POLICIES = '' } = environment(stages.dev, 'eos');
    expect(Object.keys(JSON.parse(SESSION_POLICIES))).toEqual(['eos']);
  });

  test.for([
    {
      set: { contracts: { eos: { policy: { idle: -1 } } } },
      says: 'contracts.eos.policy: idle is -1',
    },
    {
      set: { contracts: { eos: { policy: { idle: 0 } } } },
      says: 'contracts.eos.policy: idle is 0',
    },
    {
      set: { contracts: { s360: { policy: { idle: 0.5 } } } },
      says: 'contracts.s360.policy: idle is 0.5',
    },
    {
      set: { contracts: { s360: { policy: { lifetime: 100 } } } },
      says: 'contracts.s360.policy: lifetime is 100; it must be at least idle, 1800',
    },
    {
      set: { contracts: { eos: { policy: { lifetime: Number.POSITIVE_INFINITY } } } },
      says: 'contracts.eos.policy: lifetime is Infinity',
    },
    {
      set: { contracts: { s360: { policy: { rotation: { grace: 30 } } } } },
      says: 'contracts.s360.policy: rotation must be fixed',
    },
    {
      set: { contracts: { eos: { policy: { rotation: { grace: 0 } } } } },
      says: 'contracts.eos.policy: grace is 0; it must be at least 10',
    },
    {
      set: { contracts: { eos: { policy: { rotation: { grace: 901 } } } } },
      says: 'contracts.eos.policy: grace is 901; it must be at most half of idle, 1800',
    },
    {
      set: { contracts: { ccstore: { policy: { rotation: { grace: 466 } } } } },
      says: 'contracts.ccstore.policy: grace is 466; it must be at most half of idle, 930',
    },
    {
      set: { contracts: { ccstore: { policy: { idle: 60 } } } },
      says: 'contracts.ccstore.policy: idle must be { token: seconds }',
    },
    {
      set: { contracts: { ccstore: { policy: { idle: null } } } },
      says: 'contracts.ccstore.policy.idle is null; expected seconds or { token: seconds }',
    },
    {
      set: { contracts: { ccstoreui: { policy: { lifetime: 60 } } } },
      says: 'contracts.ccstoreui.policy is { lifetime: 60 }; expected no policy: it serves the sessions of ccstore',
    },
    {
      set: { contracts: { eos: { polcy: { idle: 60 } } } },
      says: 'contracts.eos.polcy is unknown; expected one of policy, throttle, allowedOrigins, quietMinutes',
    },
    {
      set: { contracts: { eos: { policy: { idel: 60 } } } },
      says: 'contracts.eos.policy.idel is unknown; expected one of idle, lifetime, rotation',
    },
    {
      set: { contracts: { nobody: {} } },
      says: 'contracts.nobody is unknown; expected one of eos, s360, ccstore',
    },
    { set: { retian: true }, says: 'retian is unknown; expected one of target, tags, retain, ' },
    { set: { retain: undefined }, says: 'retain is missing; expected true or false' },
    { set: { retain: 'yes' }, says: "retain is 'yes'; expected true or false" },
    {
      set: { throttle: { rate: 0, burst: 1 } },
      says: 'throttle.rate is 0; expected a number over 0',
    },
    {
      set: { throttle: { rate: 1, burst: 1.5 } },
      says: 'throttle.burst is 1.5; expected a whole number, 1 or more',
    },
    {
      set: { clients: [{ name: 'a', rate: 1, burst: 1, quota: { limit: 0, period: 'DAY' } }] },
      says: 'clients[0].quota.limit is 0; expected a whole number, 1 or more',
    },
    {
      set: { clients: [{ name: 'a', rate: 1, burst: 1, quota: { limit: 1, period: 'day' } }] },
      says: "clients[0].quota.period is 'day'; expected one of DAY, WEEK, MONTH",
    },
    {
      set: { clients: [{ ...stages.dev.clients[0], name: 'work space!' }] },
      says: "clients[0].name is 'work space!'; expected words of a-z and 0-9 joined by -",
    },
    {
      set: { clients: [...stages.dev.clients, ...stages.dev.clients] },
      says: "clients has 'workspace' twice; expected a name of its own for each client",
    },
    { set: { clients: {} }, says: 'clients is {}; expected a list' },
    { set: { logRetentionDays: 10 }, says: 'logRetentionDays is 10; expected one of 1, 3, 5, 7, ' },
    { set: { logRetentionDays: 9999 }, says: 'logRetentionDays is 9999; expected one of ' },
    { set: { alarmEmail: 'nope' }, says: "alarmEmail is 'nope'; expected an e-mail address" },
    {
      set: { canary: '20 %' },
      says: "canary is '20 %'; expected one of all at once, 10 % for 5 minutes, ",
    },
    {
      set: { firewall: { ratePerAddress: 9 } },
      says: 'firewall.ratePerAddress is 9; expected a whole number from 10 to 2000000000',
    },
    {
      set: { firewall: { ratePerAddress: 10, onlyCounted: ['No User'] } },
      says: "firewall.onlyCounted[0] is 'No User'; expected the name of a rule like NoUserAgent_HEADER",
    },
    {
      set: { warmThroughput: { reads: 12_000, writes: 3999 } },
      says: 'warmThroughput.writes is 3999; expected a whole number, 4000 or more',
    },
    {
      set: { warmThroughput: { reads: 11_999, writes: 4000 } },
      says: 'warmThroughput.reads is 11999; expected a whole number, 12000 or more',
    },
    { set: { sessionEvents: 1 }, says: 'sessionEvents is 1; expected true or false' },
    { set: { domain: 'not a domain' }, says: "domain is 'not a domain'; expected an object" },
    {
      set: { domain: { ...domain, name: 'not a domain' } },
      says: "domain.name is 'not a domain'; expected a domain name like shop.example",
    },
    {
      set: { domain: { ...domain, certificateArn: 'arn' } },
      says: "domain.certificateArn is 'arn'; expected the ARN of a certificate in ACM",
    },
    {
      set: { target: { account: '1', region: 'eu-west-1' } },
      says: "target.account is '1'; expected an account of 12 digits",
    },
    {
      set: { target: { account: '111111111111', region: 'Ireland' } },
      says: "target.region is 'Ireland'; expected a Region like eu-west-1",
    },
    { set: { tags: { team: '' } }, says: "tags.team is ''; expected a text of 1 to 256 " },
    { set: { tags: { 'aws:x': 'y' } }, says: "tags has the name 'aws:x'; expected a name " },
    {
      set: { contracts: { eos: { quietMinutes: 1441 } } },
      says: 'contracts.eos.quietMinutes is 1441; expected a whole number from 1 to 1440',
    },
    ...['https://shop.example/', 'https://shop.example ', 'shop.example', '*', 'null'].map(
      (bad) => ({
        set: { contracts: { eos: { allowedOrigins: ['https://a.example', bad] } } },
        says: `contracts.eos.allowedOrigins[1] is '${bad}'; expected an origin like https://shop.example`,
      }),
    ),
  ])('are refused with: $says', ({ set, says }) => {
    const problem = settingsProblem(changed(set));
    expect(problem?.slice(0, says.length)).toBe(says);
    expect(problem).not.toContain('\n');
  });

  test.for([undefined, null, [], 'dev'])('are refused where the file exports %o', (given) => {
    expect(settingsProblem(given)).toMatch(/^the file exports no settings; expected /);
  });
});
