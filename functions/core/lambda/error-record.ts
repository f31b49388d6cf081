/**
 * The parts of an error that may be logged: its name and its stack frames. The message is left out,
 * because it can quote the request.
 */
export interface ErrorRecord {
  readonly name: string;
  readonly at: readonly string[];
  /** Node's code of a failed connection, such as ECONNREFUSED. */
  readonly code?: string;
  /** The id that AWS gave the failed request. */
  readonly awsRequestId?: string;
  readonly cause?: ErrorRecord;
}

/** The record of an error and its causes. */
export function errorRecord(error: unknown, depth = deepest): ErrorRecord {
  if (!(error instanceof Error)) return { name: typeof error, at: [] };
  const code = 'code' in error ? shown(error.code, codes) : undefined;
  const awsRequestId = shown(metadata(error).requestId, awsIds);
  const cause = causeOf(error);
  return {
    name: shown(error.name, names) ?? 'Error',
    at: frames(error).slice(0, 8),
    ...(code && { code }),
    ...(awsRequestId && { awsRequestId }),
    ...(cause !== undefined && depth > 0 && { cause: errorRecord(cause, depth - 1) }),
  };
}

/** The maximum number of nested causes. Causes can be circular. */
const deepest = 4;

/**
 * Returns the cause of an error. For an AggregateError, which Node throws if it can reach none of a
 * host's addresses, this is the first error.
 */
function causeOf(error: Error): unknown {
  return error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
}

function metadata(error: Error): { readonly requestId?: unknown } {
  return '$metadata' in error && typeof error.$metadata === 'object' ? { ...error.$metadata } : {};
}

/** Returns the text if it matches the pattern. The text can come from another service. */
function shown(text: unknown, pattern: RegExp): string | undefined {
  return typeof text === 'string' && pattern.test(text) ? text : undefined;
}

const names = /^[A-Za-z]\w{0,63}$/;
const codes = /^[A-Z][A-Z_]{1,47}$/;
const awsIds = /^[A-Za-z0-9-]{1,64}$/;

/**
 * Returns the frames of a stack. Skips the message before them, because its lines can look like
 * frames.
 */
function frames({ message, stack = '' }: Error): readonly string[] {
  const at = stack.indexOf(message);
  const after = at < 0 ? '' : stack.slice(at + message.length);
  return after
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .map((line) => line.trim());
}
