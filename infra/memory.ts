/**
 * The memory of each refresh Lambda in MB, chosen by `npm run bench` (docs/decisions/0028). A contract that is not
 * listed gets 512. AWS gives a Lambda CPU in proportion to its memory: 1,769 MB is one core.
 * docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
 */
const chosen: Readonly<Record<string, number>> = { eos: 512, s360: 512, ccstore: 512 };

/** The memory of Lambdas that no client waits for, in MB. */
export const defaultMemoryMB = 512;

/** The memory of a contract's Lambda, in MB. */
export function memoryMB(contract: string): number {
  return chosen[contract] ?? defaultMemoryMB;
}
