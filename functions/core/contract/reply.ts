/** The answer of a contract. core/lambda/response.ts adds the headers that all answers have. */
export interface Reply {
  readonly status: number;
  /** Compact JSON; empty only where a contract says why. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A reply with the JSON text of a value as its body. */
export function reply(status: number, body: object, headers?: Reply['headers']): Reply {
  return { status, body: JSON.stringify(body), ...(headers && { headers }) };
}
