/** Every round begins with another subject. */
export function turned<Value>(values: readonly Value[], round: number): readonly Value[] {
  const at = round % values.length;
  return [...values.slice(at), ...values.slice(0, at)];
}
