/** The members of a JSON object, by name. */
export interface Members {
  /** Each value as the text it was written in, white space between tokens left out. */
  readonly texts: ReadonlyMap<string, string>;
  /** Each value as `JSON.parse` gives it. */
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * The members of a JSON object. Their texts keep what no parser gives back: numbers too large for a
 * double, the order of keys, even of those that look like numbers, and escapes. Of a repeated name the
 * last counts, as for `JSON.parse`.
 * @throws SyntaxError where the text is not a JSON object; its message quotes nothing
 */
export function members(text: string): Members {
  const values = parsed(text);
  if (!isObject(values)) throw new SyntaxError('not a JSON object');
  return { texts: textsOf(text), values };
}

function textsOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let depth = 0;
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

/** The tokens of JSON text: strings, punctuation, and what stands between (numbers and words). */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** Whether a value is an object, and neither null nor an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the cause: it quotes the text.
    throw new SyntaxError('not JSON');
  }
}
