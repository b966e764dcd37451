const dateTag = '$date';

function tag(value: unknown): unknown {
  if (value instanceof Date) return { [dateTag]: value.toISOString() };
  if (Array.isArray(value)) return value.map(tag);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, tag(inner)]));
}

function untag(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(dateTag in value)) return value;
  return new Date(String(value[dateTag]));
}

/** Write a value as JSON in which dates stay dates: `{"$date":"2026-11-21T12:26:26.000Z"}`. */
export function writeTagged(value: unknown): string {
  return JSON.stringify(tag(value) ?? null);
}

/** Read what {@link writeTagged} wrote. */
export function readTagged(text: string): unknown {
  return JSON.parse(text, untag) as unknown;
}
