import { assumed } from './assumptions.ts';

/** A month's cost, for a million of its refreshes. */
export function perMillion(month: number, perDay: number): number {
  return (month / (perDay * assumed.daysPerMonth)) * 1e6;
}

/** Dollars as people read them: cents below a hundred, and a third digit below one. */
export function dollars(amount: number): string {
  if (amount >= 100) return whole(amount);
  return amount >= 1 ? amount.toFixed(2) : amount.toFixed(3);
}

/** A whole number, its thousands apart. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** How many a second. */
export function rate(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : whole(perSecond);
}

/** How often a limit is used up, bold where that is too often. */
export function times(part: number): string {
  const text = part >= 10 ? whole(part) : String(Number(part.toPrecision(2)));
  return part > 1 ? `**${text} ×**` : `${text} ×`;
}
