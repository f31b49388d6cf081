import { inspect } from 'node:util';

/** Judges the value of one setting; `at` is the setting's path. */
export type Rule = (value: unknown, at: string) => string | undefined;

/** A rule for each setting of a type. */
export type Rules<T> = { readonly [Name in keyof T]-?: Rule };

/** Allows the values that a test passes; `expected` describes them. */
export function only(expected: string, allows: (value: unknown) => boolean): Rule {
  return (value, at) => {
    if (value === undefined) return `${at} is missing; expected ${expected}`;
    return allows(value) ? undefined : `${at} is ${shown(value)}; expected ${expected}`;
  };
}

function shown(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
}

/** Allows texts that match. */
export function text(expected: string, pattern: RegExp): Rule {
  return only(expected, (value) => typeof value === 'string' && pattern.test(value));
}

/** Allows whole numbers in a range. */
export function whole(from: number, to = Number.MAX_SAFE_INTEGER): Rule {
  const limit = to === Number.MAX_SAFE_INTEGER ? `, ${from} or more` : ` from ${from} to ${to}`;
  return only(`a whole number${limit}`, (value) => {
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= from && value <= to;
  });
}

/** Allows these values. */
export function oneOf(...values: readonly (string | number)[]): Rule {
  return only(`one of ${values.join(', ')}`, (value) => values.some((one) => one === value));
}

/** Allows what a rule allows, and a setting that is left out. */
export function optional(rule: Rule): Rule {
  return (value, at) => (value === undefined ? undefined : rule(value, at));
}

/** Allows objects whose members pass their rules, and that have no other members. */
export function object<T>(rules: Rules<T>): Rule {
  const names = Object.keys(rules);
  return (value, at) => {
    if (!isRecord(value)) return only('an object', () => false)(value, at);
    const unknown = Object.keys(value).find((name) => !names.includes(name));
    if (unknown !== undefined)
      return `${within(at, unknown)} is unknown; expected one of ${names.join(', ')}`;
    return first(Object.entries<Rule>(rules), ([name, rule]) =>
      rule(value[name], within(at, name)),
    );
  };
}

/** Allows lists whose elements pass a rule. */
export function listOf(rule: Rule): Rule {
  return (value, at) =>
    Array.isArray(value)
      ? first([...value.entries()], ([index, one]) => rule(one, `${at}[${index}]`))
      : only('a list', () => false)(value, at);
}

/** Allows objects of any members whose names match and whose values pass a rule. */
export function recordOf(expected: string, names: RegExp, rule: Rule): Rule {
  return (value, at) => {
    if (!isRecord(value)) return only('an object', () => false)(value, at);
    return first(Object.entries(value), ([name, one]) =>
      names.test(name)
        ? rule(one, within(at, name))
        : `${at} has the name ${shown(name)}; expected ${expected}`,
    );
  };
}

function first<One>(all: readonly One[], problemOf: (one: One) => string | undefined) {
  for (const one of all) {
    const problem = problemOf(one);
    if (problem) return problem;
  }
  return undefined;
}

function within(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`;
}

/** Whether a value is an object with members. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
