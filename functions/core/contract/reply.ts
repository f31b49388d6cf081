/** What a contract answers. Headers that all answers have are added by core/lambda/response.ts. */
export interface Reply {
  readonly status: number;
  /** Compact JSON; empty only where a contract says why. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A reply whose body is a value, written in the order of its keys. */
export function reply(status: number, body: object, headers?: Reply['headers']): Reply {
  return { status, body: JSON.stringify(body), ...(headers && { headers }) };
}
