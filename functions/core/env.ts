/** The variables that an entry point was started with. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * A variable that must be there; `setBy` says who sets it.
 * @throws Error naming the variable and who sets it, never a value
 */
export function required(env: Env, name: string, setBy: string): string {
  const value = env[name];
  if (!value) throw new Error(`the environment has no ${name}; ${setBy} sets it`);
  return value;
}
