/** How a contract is spoken: all that differs between contracts. */
export interface Wire<Credential, Grant, Code extends string> {
  request(credential: Credential, random: () => number): Pick<RequestInit, 'headers' | 'body'>;
  /** What a 200 gives, if it is one of the contract's. */
  grant(body: JsonObject): Grant | undefined;
  /** The code of a refusal, if it is one in the contract's words. */
  code(body: JsonObject, status: number): unknown;
  /** The codes that say that the credential is dead, and the status of each. */
  readonly ended: Readonly<Record<Code, number>>;
  /** Codes that pass by themselves, though their status does not say so. */
  readonly passing: readonly string[];
  /** Seconds that a grant holds from when it was answered. */
  expiresIn(grant: Grant, clocks: Clocks): number;
  /** What to present next. */
  next(credential: Credential, grant: Grant): Credential;
}

/** What time it is, in epoch milliseconds: by the server where it may be read, and by this machine. */
export interface Clocks {
  readonly server: number | undefined;
  readonly own: number;
}

/** Seconds after which to refresh again anyway, where nobody can say how long a grant holds. */
export const cautious = 5 * 60;

/** An object of JSON, not looked into yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value of JSON is text that says something. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Whether a value of JSON is a number that can be counted with: `1e999` is none. */
export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
