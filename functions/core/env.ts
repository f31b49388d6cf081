/** The environment variables of an entry point. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * The value of a required variable; `setBy` says what sets it.
 * @throws Error that names a missing or empty variable and what sets it, never a value
 */
export function required(env: Env, name: string, setBy: string): string {
  const value = env[name];
  if (!value) throw new Error(`the environment has no ${name}; ${setBy} sets it`);
  return value;
}
