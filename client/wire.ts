/** What differs between the contracts' wires. */
export interface Wire<Credential, Grant, Code extends string> {
  request(credential: Credential, random: () => number): Pick<RequestInit, 'headers' | 'body'>;
  /** The grant in the body of a 200, or nothing where the body is not in the contract's form. */
  grant(body: JsonObject): Grant | undefined;
  /** The code of a refusal, or nothing where the body is not in the contract's form. */
  code(body: JsonObject, status: number): unknown;
  /** The codes that end the session, and the status of each. */
  readonly ended: Readonly<Record<Code, number>>;
  /** Codes of temporary refusals whose status does not say so. */
  readonly temporary: readonly string[];
  /** Seconds that a grant is good for from the time of the answer. */
  expiresIn(grant: Grant, clocks: Clocks): number;
  /** The credential of the next refresh. */
  next(credential: Credential, grant: Grant): Credential;
}

/** The time in epoch milliseconds, by the server (if its `Date` can be read) and by this machine. */
export interface Clocks {
  readonly server: number | undefined;
  readonly own: number;
}

/** Seconds that a grant is assumed to be good for where its end is unknown. */
export const assumedExpiresIn = 5 * 60;

/** A JSON object whose members are not checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a JSON value is a string that is not empty. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Whether a JSON value is a finite number: `1e999` is not. */
export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
