import { defaults, type Settings } from '../settings.ts';

/** For development: everything is deleted with the stack. */
export const settings: Settings = {
  ...defaults,
  retain: false,
  logRetentionDays: 7,
  throttle: { rate: 50, burst: 100 },
  clients: [{ name: 'workspace', rate: 20, burst: 40, quota: { limit: 100_000, period: 'DAY' } }],
  sam: true,
  canary: 'all at once',
  // Every request: a developer looks for one.
  traces: { perSecond: 1, share: 1 },
};
