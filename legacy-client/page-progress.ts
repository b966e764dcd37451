import type { Answer } from './exchanger';

/** So many pages in a row may bring nothing: a service may look through much without a find. */
const MOST_IDLE_PAGES = 100;

/**
 * Watches that pages bring something: a service that gives each page an address of its own can go on
 * for ever, with no records or always the same ones.
 */
export class PageProgress {
  readonly #seen = new Set<string>();
  #idlePages = 0;

  /**
   * Take note of a page that has another one behind it.
   *
   * @param keys - of its records.
   * @throws LegacyResponseError when it is one idle page too many.
   */
  note(keys: readonly string[], answer: Answer): void {
    const outline = `${keys.length} ${keys[0] ?? ''} ${keys.at(-1) ?? ''}`;
    const isIdle = keys.length === 0 || this.#seen.has(outline);
    this.#seen.add(outline);
    this.#idlePages = isIdle ? this.#idlePages + 1 : 0;
    if (this.#idlePages < MOST_IDLE_PAGES) return;
    throw answer.unreadable(
      `the last ${MOST_IDLE_PAGES} pages brought no record that was not there before, ` +
        'and there is always another one',
    );
  }
}
