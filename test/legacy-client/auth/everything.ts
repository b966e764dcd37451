/** All that a value says, hidden fields, causes and lists included: to look for secrets in it. */
export function everything(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (seen.has(value)) return '';
  seen.add(value);
  return Reflect.ownKeys(value)
    .map((name) => `${String(name)}=${everything(Reflect.get(value, name), seen)}`)
    .join('\n');
}
