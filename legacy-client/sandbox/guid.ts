const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Bring a GUID to the neutral form (lower case, no braces); undefined when it is none. */
export function parseGuid(text: string): string | undefined {
  const bare = /^\{.*\}$/.test(text) ? text.slice(1, -1) : text;
  const lower = bare.toLowerCase();
  return guidPattern.test(lower) ? lower : undefined;
}
