import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { settingsProblem } from '../../infra/settings-problem.ts';
import { domain, stages } from './synthesis.ts';

/** Settings of dev with one of them, given by its path, set to a value. */
function changed(path: string, value: unknown): object {
  const settings = structuredClone<object>({ ...stages.dev, ...whole[path.split('.')[0] ?? ''] });
  const names = path.split(/[.[\]]+/).filter((name) => name !== '');
  const last = names.pop() ?? '';
  let at = settings as Record<string, unknown>;
  for (const name of names) {
    at[name] ??= {};
    at = at[name] as Record<string, unknown>;
  }
  at[last] = value;
  return settings;
}

/** Settings that dev does not have, so that a row can change a part of one. */
const whole: Readonly<Record<string, object>> = {
  domain: { domain },
  firewall: { firewall: { ratePerAddress: 10, onlyCounted: ['NoUserAgent_HEADER'] } },
  target: { target: { account: '111111111111', region: 'eu-west-1' } },
  warmThroughput: { warmThroughput: { reads: 12_000, writes: 4000 } },
};

const origin = 'an origin like https://shop.example';

/** A setting, a wrong value, and what is allowed. */
const wrong: readonly (readonly [setting: string, value: unknown, expected: string])[] = [
  ['target.account', '1', 'an account of 12 digits'],
  ['target.region', 'Ireland', 'a Region like eu-west-1'],
  ['tags.team', '', 'a text of 1 to 256 letters, digits and _.:/=+@-'],
  ['tags.team', 1, 'a text of 1 to 256 letters, digits and _.:/=+@-'],
  ['retain', 'yes', 'true or false'],
  ['sam', null, 'true or false'],
  ['sessionEvents', 1, 'true or false'],
  ['logRetentionDays', 10, 'one of 1, 3, 5, 7, '],
  ['logRetentionDays', 9999, 'one of 1, 3, 5, 7, '],
  ['throttle.rate', 0, 'a number over 0'],
  ['throttle.rate', Number.POSITIVE_INFINITY, 'a number over 0'],
  ['throttle.burst', 1.5, 'a whole number, 1 or more'],
  ['accountConcurrency', '1000', 'a whole number, 1 or more'],
  ['canary', '20 %', 'one of all at once, 10 % for 5 minutes, '],
  ['traces.share', 5, 'a number from 0 to 1'],
  ['traces.perSecond', -1, 'a whole number, 0 or more'],
  ['firewall', true, 'an object'],
  ['firewall.ratePerAddress', 9, 'a whole number from 10 to 2000000000'],
  ['firewall.onlyCounted[0]', 'No User', 'the name of a rule like NoUserAgent_HEADER'],
  ['warmThroughput.writes', 3999, 'a whole number, 4000 or more'],
  ['warmThroughput.reads', 11_999, 'a whole number, 12000 or more'],
  ['domain', 'not a domain', 'an object'],
  ['domain.name', 'not a domain', 'a domain name like shop.example'],
  ['domain.name', 'shop.test', "a name in domain.hostedZoneName, 'shop.example'"],
  ['domain.certificateArn', 'arn', 'the ARN of a certificate in ACM'],
  ['alarmEmail', 'nope', 'an e-mail address'],
  ['clients', {}, 'a list'],
  ['clients[0]', null, 'an object'],
  ['clients[0].name', 'work space!', 'words of a-z and 0-9 joined by -'],
  ['clients[0].quota.limit', 0, 'a whole number, 1 or more'],
  ['clients[0].quota.period', 'day', 'one of DAY, WEEK, MONTH'],
  ['contracts', [], 'an object'],
  ['contracts.eos', 'fixed', 'an object'],
  ['contracts.eos.quietMinutes', 1441, 'a whole number from 1 to 1440'],
  ['contracts.eos.policy.rotation', true, "'fixed' or { grace: seconds }"],
  ['contracts.eos.policy.rotation.grace', '60', 'a number of seconds'],
  ['contracts.s360.policy.rotation', { grace: 30 }, "'fixed'"],
  ['contracts.ccstore.policy.idle', 60, 'an object'],
  ['contracts.ccstore.policy.idle', null, 'an object'],
  ['contracts.eos.policy.idle', { token: 60 }, 'a number of seconds'],
  ['contracts.ccstoreui.policy', {}, 'no policy: it serves the sessions of ccstore, whose policy '],
  ['contracts.eos.allowedOrigins', 'https://shop.example', 'a list'],
  ['contracts.eos.allowedOrigins', ['https://shop.example/'], origin],
  ['contracts.eos.allowedOrigins', ['https://shop.example '], origin],
  ['contracts.eos.allowedOrigins', ['shop.example'], origin],
  ['contracts.eos.allowedOrigins', ['*'], origin],
  ['contracts.eos.allowedOrigins', ['null'], origin],
];

/** A setting, its value, and how the sentence about it begins where it is no such sentence. */
const others: readonly (readonly [setting: string, value: unknown, says: string])[] = [
  ['retain', undefined, 'retain is missing; expected true or false'],
  ['target', { account: '111111111111' }, 'target.region is missing; expected a Region like '],
  ['firewall', {}, 'firewall.ratePerAddress is missing; expected a whole number from 10 '],
  ['contracts.eos.throttle', { rate: 1 }, 'contracts.eos.throttle.burst is missing; expected '],
  ['retian', true, 'retian is unknown; expected one of target, tags, retain, '],
  ['toString', 1, 'toString is unknown; expected one of target, tags, retain, '],
  ['throttle.brust', 2, 'throttle.brust is unknown; expected one of rate, burst'],
  ['clients[0].key', 'x', 'clients[0].key is unknown; expected one of name, rate, burst, quota'],
  ['contracts.nobody', {}, 'contracts.nobody is unknown; expected one of eos, s360, ccstore, '],
  ['contracts.eos.polcy', {}, 'contracts.eos.polcy is unknown; expected one of policy, throttle, '],
  ['contracts.eos.policy.idel', 60, 'contracts.eos.policy.idel is unknown; expected one of idle, '],
  [
    'contracts.eos.policy.rotation',
    { grace: 60, idle: 1 },
    'contracts.eos.policy.rotation.idle is unknown; expected one of grace',
  ],
  [
    'contracts.ccstore.policy.idle.tokne',
    60,
    'contracts.ccstore.policy.idle.tokne is unknown; expected one of token',
  ],
  ['tags.aws:x', 'y', "tags has the name 'aws:x'; expected a name of 1 to 128 characters "],
  ['tags.stage', 'y', "tags has the name 'stage'; expected a name of 1 to 128 characters "],
  ['clients[1]', stages.dev.clients[0], "clients has 'workspace' twice; expected a name "],
  ['contracts.eos.policy.idle', -1, 'contracts.eos.policy: idle is -1'],
  ['contracts.eos.policy.idle', 0, 'contracts.eos.policy: idle is 0'],
  ['contracts.s360.policy.idle', 0.5, 'contracts.s360.policy: idle is 0.5'],
  ['contracts.s360.policy.lifetime', 100, 'contracts.s360.policy: lifetime is 100; it must be at'],
  [
    'contracts.eos.policy.rotation',
    { grace: 0 },
    'contracts.eos.policy: grace is 0; it must be at',
  ],
  ['contracts.eos.policy.rotation', { grace: 901 }, 'contracts.eos.policy: grace is 901; it must '],
];

describe('settings', () => {
  test.for(Object.entries(stages))('of %s are valid', ([, settings]) => {
    expect(settingsProblem(settings)).toBeUndefined();
  });

  test.for([
    ...wrong.map(([setting, value, expected]) => {
      const [shown, at] =
        Array.isArray(value) && value.length > 0 ? [value[0], '[0]'] : [value, ''];
      return { setting, value, says: `${setting}${at} is ${inspect(shown)}; expected ${expected}` };
    }),
    ...others.map(([setting, value, says]) => ({ setting, value, says })),
  ])('are refused with: $says', ({ setting, value, says }) => {
    const problem = settingsProblem(changed(setting, value));
    expect(problem?.slice(0, says.length)).toBe(says);
    expect(problem).not.toContain('\n');
  });

  test.for([undefined, null, [], 'dev'])('are refused where the file exports %o', (given) => {
    expect(settingsProblem(given)).toMatch(/^the file exports no settings; expected /);
  });
});
