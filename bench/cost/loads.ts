import { assumed } from './assumptions.ts';

/** How much is asked of the service. */
export interface Load {
  readonly name: string;
  readonly perDay: number;
  /** Refreshes in the mean second and in the busiest. */
  readonly mean: number;
  readonly busiest: number;
  /** Who refreshes in a month. */
  readonly shoppers: number;
}

/** The loads of docs/capacity.md. */
export const loads: readonly Load[] = [
  ...[5, 6, 7, 8, 9].map((power) => daily(10 ** power, `10^${power} a day`)),
  crowd(1e7, 600, '10^7 shoppers, each 10 min'),
  crowd(1e7, 30, '10^7 shoppers, each 30 s'),
];

/** A day of so many refreshes, with its rush. */
export function daily(perDay: number, name: string): Load {
  const mean = perDay / 86_400;
  const shoppers = (perDay * assumed.daysPerMonth) / assumed.perShopper;
  return { name, perDay, mean, busiest: mean * assumed.peak, shoppers };
}

/** So many shoppers, all of them there all day: each refreshes every so many seconds. */
export function crowd(shoppers: number, everySeconds: number, name: string): Load {
  const mean = shoppers / everySeconds;
  return { name, perDay: mean * 86_400, mean, busiest: mean, shoppers };
}
