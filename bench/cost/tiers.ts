/** What a unit costs up to a monthly quantity. The last tier has no end. */
export interface Tier {
  readonly upTo: number;
  readonly price: number;
}

/** What a month's quantity costs where each unit is charged by the tier that it falls into. */
export function tiered(quantity: number, tiers: readonly Tier[]): number {
  let [sum, from] = [0, 0];
  for (const { upTo, price } of tiers) {
    sum += Math.max(0, Math.min(quantity, upTo) - from) * price;
    from = upTo;
  }
  return sum;
}
