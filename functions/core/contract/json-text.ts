/** The members of a JSON object, by name. */
export interface Members {
  /** Each value as its own text, without the white space between tokens. */
  readonly texts: ReadonlyMap<string, string>;
  /** Each value as `JSON.parse` gives it. */
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * The members of a JSON object. Their texts keep what a parser changes: numbers that no double
 * holds, escapes, and the order of keys that look like numbers. If a name is repeated, its last
 * value counts, as for `JSON.parse`.
 * @throws SyntaxError if the text is not a JSON object; its message does not quote the text
 */
export function members(text: string): Members {
  const values = parsed(text);
  if (!isObject(values)) throw new SyntaxError('not a JSON object');
  return { texts: textsOf(text), values };
}

function textsOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let depth = 0;
  // Stryker disable next-line StringLiteral: every value has a name before it
  let name = '';
  let value = '';
  for (const [token] of text.matchAll(tokens)) {
    const opens = token === '{' || token === '[';
    const closes = token === '}' || token === ']';
    if (closes) depth -= 1;
    if (depth === 1 && (token === ',' || token === ':')) {
      if (token === ':') name = value;
      else found.set(JSON.parse(name), value);
      value = '';
    } else if (depth > 0) value += token;
    if (opens) depth += 1;
  }
  return value === '' ? found : found.set(JSON.parse(name), value);
}

/** The tokens of JSON text: strings, punctuation, and numbers or words. */
// Stryker disable next-line Regex: a number that is read in parts is put together again
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** Whether a value is an object, and neither null nor an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's error is dropped, because it quotes the text.
  }
  return value;
}
