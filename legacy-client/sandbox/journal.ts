import type { JournalEntry, JournalPart } from './control';

type Open<Entry> = { -readonly [K in keyof Entry]: Entry[K] };

/** A batch's request while it is handled. */
export type OpenPart = Open<JournalPart>;

/** An entry while its request is handled. */
export type OpenEntry = Open<Omit<JournalEntry, 'parts'>> & { readonly parts?: OpenPart[] };

/** What is known of a request when it comes. */
export type NewEntry = Omit<OpenEntry, 'sequence' | 'applied' | 'status'>;

/** Every request that the faces received, in the order of arrival. */
export class Journal {
  private entries: OpenEntry[] = [];

  /** Open an entry; it is completed in place. Sequences begin at 1 after each {@link clear}. */
  open(request: NewEntry): OpenEntry {
    const sequence = this.entries.length + 1;
    const entry: OpenEntry = { ...request, sequence, applied: false, status: null };
    this.entries.push(entry);
    return entry;
  }

  list(): JournalEntry[] {
    return this.entries.map(({ parts, ...entry }) =>
      parts === undefined ? entry : { ...entry, parts: parts.map((part) => ({ ...part })) },
    );
  }

  clear(): void {
    this.entries = [];
  }
}
