const GUID = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;

/** As nearly every service writes it. */
const PLAIN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The GUID in lower case without braces; undefined when the text is none. */
export function normalisedGuid(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  return GUID.exec(text)?.[1]?.toLowerCase();
}
