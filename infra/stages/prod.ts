import { defaults, type Settings } from '../settings.ts';

/** For production. */
export const settings: Settings = {
  ...defaults,
  clients: [
    { name: 'workspace', rate: 200, burst: 400, quota: { limit: 10_000_000, period: 'DAY' } },
  ],
};
