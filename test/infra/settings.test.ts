import { describe, expect, test } from 'vitest';
import type { Settings } from '../../infra/settings.ts';
import { settingsProblem } from '../../infra/settings-problem.ts';
import { domain, stages } from './synthesis.ts';

/** Settings of dev, some changed to what their types may forbid. */
function changed(changes: object): Settings {
  return { ...stages.dev, ...changes };
}

/** Settings that are wrong, and how the sentence about them begins. */
const refused: readonly { readonly set: object; readonly says: string }[] = [
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
    says: "contracts.s360.policy.rotation is { grace: 30 }; expected 'fixed'",
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
    says: 'contracts.ccstore.policy.idle is 60; expected an object',
  },
  {
    set: { contracts: { ccstore: { policy: { idle: null } } } },
    says: 'contracts.ccstore.policy.idle is null; expected an object',
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
    says: 'contracts.nobody is unknown; expected one of eos, s360, ccstore, ccstoreui',
  },
  {
    set: { contracts: { ccstoreui: { policy: { lifetime: 60 } } } },
    says: 'contracts.ccstoreui.policy is { lifetime: 60 }; expected no policy: it serves the sessions of ccstore',
  },
  { set: { contracts: [] }, says: 'contracts is []; expected an object' },
  { set: { contracts: { eos: 'fixed' } }, says: "contracts.eos is 'fixed'; expected an object" },
  {
    set: { contracts: { eos: { policy: { rotation: { grace: '60' } } } } },
    says: "contracts.eos.policy.rotation.grace is '60'; expected a number of seconds",
  },
  {
    set: { contracts: { eos: { policy: { rotation: { grace: 60, idle: 1 } } } } },
    says: 'contracts.eos.policy.rotation.idle is unknown; expected one of grace',
  },
  {
    set: { contracts: { ccstore: { policy: { idle: { tokne: 60 } } } } },
    says: 'contracts.ccstore.policy.idle.tokne is unknown; expected one of token',
  },
  {
    set: { contracts: { eos: { throttle: { rate: 1 } } } },
    says: 'contracts.eos.throttle.burst is missing; expected a whole number, 1 or more',
  },
  {
    set: { contracts: { eos: { allowedOrigins: 'https://shop.example' } } },
    says: "contracts.eos.allowedOrigins is 'https://shop.example'; expected a list",
  },
  {
    set: { throttle: { rate: Number.POSITIVE_INFINITY, burst: 1 } },
    says: 'throttle.rate is Infinity; expected a number over 0',
  },
  {
    set: { throttle: { rate: 1, burst: 1, brust: 2 } },
    says: 'throttle.brust is unknown; expected one of rate, burst',
  },
  { set: { clients: [null] }, says: 'clients[0] is null; expected an object' },
  {
    set: { clients: [{ ...stages.dev.clients[0], key: 'x' }] },
    says: 'clients[0].key is unknown; expected one of name, rate, burst, quota',
  },
  { set: { firewall: {} }, says: 'firewall.ratePerAddress is missing; expected a whole number' },
  { set: { firewall: true }, says: 'firewall is true; expected an object' },
  {
    set: { traces: { perSecond: 1, share: 5 } },
    says: 'traces.share is 5; expected a number from 0 to 1',
  },
  {
    set: { traces: { perSecond: -1, share: 0 } },
    says: 'traces.perSecond is -1; expected a whole number, 0 or more',
  },
  {
    set: { target: { account: '111111111111' } },
    says: 'target.region is missing; expected a Region like eu-west-1',
  },
  {
    set: { accountConcurrency: '1000' },
    says: "accountConcurrency is '1000'; expected a whole number, 1 or more",
  },
  { set: { sam: null }, says: 'sam is null; expected true or false' },
  { set: { toString: 1 }, says: 'toString is unknown; expected one of target, tags, ' },
  { set: { tags: { team: 1 } }, says: 'tags.team is 1; expected a text of 1 to 256 ' },
  { set: { tags: { stage: 'x' } }, says: "tags has the name 'stage'; expected " },
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
    set: { domain: { ...domain, hostedZoneName: 'other.example' } },
    says: "domain.name is 'refresh.shop.example'; expected a name in domain.hostedZoneName, 'other.example'",
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
  ...['https://shop.example/', 'https://shop.example ', 'shop.example', '*', 'null'].map((bad) => ({
    set: { contracts: { eos: { allowedOrigins: ['https://a.example', bad] } } },
    says: `contracts.eos.allowedOrigins[1] is '${bad}'; expected an origin like https://shop.example`,
  })),
];

describe('settings', () => {
  test.for(Object.entries(stages))('of %s are valid', ([, settings]) => {
    expect(settingsProblem(settings)).toBeUndefined();
  });

  test.for(refused)('are refused with: $says', ({ set, says }) => {
    const problem = settingsProblem(changed(set));
    expect(problem?.slice(0, says.length)).toBe(says);
    expect(problem).not.toContain('\n');
  });

  test.for([undefined, null, [], 'dev'])('are refused where the file exports %o', (given) => {
    expect(settingsProblem(given)).toMatch(/^the file exports no settings; expected /);
  });
});
