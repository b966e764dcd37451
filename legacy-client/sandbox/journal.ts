import type { JournalEntry } from './control';

/** An entry while its request is handled. */
export type OpenEntry = { -readonly [K in keyof JournalEntry]: JournalEntry[K] };

/** Every request that the faces received, in the order of arrival. */
export class Journal {
  private entries: OpenEntry[] = [];

  /** Open an entry; it is completed in place. Sequences begin at 1 after each {@link clear}. */
  open(request: Omit<JournalEntry, 'sequence' | 'applied' | 'status'>): OpenEntry {
    const sequence = this.entries.length + 1;
    const entry: OpenEntry = { ...request, sequence, applied: false, status: null };
    this.entries.push(entry);
    return entry;
  }

  list(): JournalEntry[] {
    return this.entries.map((entry) => ({ ...entry }));
  }

  clear(): void {
    this.entries = [];
  }
}
