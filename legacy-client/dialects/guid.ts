const GUID = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;

/** The GUID in lower case without braces; undefined when the text is none. */
export function normalisedGuid(text: string): string | undefined {
  return GUID.exec(text)?.[1]?.toLowerCase();
}
