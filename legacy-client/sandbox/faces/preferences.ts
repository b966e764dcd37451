import type { IncomingHttpHeaders } from 'node:http';

/** What a client prefers, from its `Prefer` headers. */
export interface Preferences {
  readonly maxPageSize: number | undefined;
  readonly returnsRepresentation: boolean;
  /** A feed of changes is wanted: a list that ends with a delta link. */
  readonly tracksChanges: boolean;
  /** A batch goes on behind a request that failed. */
  readonly continuesOnError: boolean;
  /** Whether an annotation is wanted: `Microsoft.Dynamics.CRM.lookuplogicalname`. */
  readonly wantsAnnotation: (name: string) => boolean;
}

/** The parts of a list in a header; commas inside quotes do not separate. */
function listed(header: string): string[] {
  return (header.match(/(?:"[^"]*"|[^",])+/g) ?? []).map((part) => part.trim());
}

/** `Microsoft.Dynamics.CRM.*` stands for all of a namespace, `*` for all. */
function annotationTest(list: string): (name: string) => boolean {
  const wanted = list.split(',').map((part) => part.trim());
  return (name) =>
    wanted.some((pattern) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name,
    );
}

/** Read the `Prefer` headers; what is not understood is passed over, as HTTP wants it. */
export function preferencesOf(headers: IncomingHttpHeaders): Preferences {
  const prefer = headers.prefer ?? [];
  const pairs = new Map<string, string>();
  for (const preference of listed(Array.isArray(prefer) ? prefer.join(',') : prefer)) {
    const at = preference.indexOf('=');
    const name = at === -1 ? preference : preference.slice(0, at).trim();
    const value = at === -1 ? '' : preference.slice(at + 1).trim();
    pairs.set(name.toLowerCase(), value.replace(/^"(.*)"$/, '$1'));
  }
  const size = Number(pairs.get('odata.maxpagesize') ?? Number.NaN);
  const annotations = pairs.get('odata.include-annotations');
  return {
    maxPageSize: Number.isInteger(size) && size > 0 ? size : undefined,
    returnsRepresentation: pairs.get('return') === 'representation',
    tracksChanges: pairs.has('odata.track-changes'),
    continuesOnError: (pairs.get('odata.continue-on-error') ?? 'false') !== 'false',
    wantsAnnotation: annotations === undefined ? () => false : annotationTest(annotations),
  };
}
