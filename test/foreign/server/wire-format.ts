import type { EdmType } from './edm';
import type { Page } from './query';
import type { EntitySetType } from './schema';
import type { Stored } from './store';
import type { Variation } from './variation';

/** Where an answer stands, and how this server writes. */
export interface Addressing {
  /** The service root, without a slash at its end. */
  readonly root: string;
  readonly variation: Variation;
}

/** How one value is written. */
export interface Encoding {
  readonly type: EdmType;
  readonly variation: Variation;
}

/** A page and the address of the next. */
export interface ListAnswer {
  readonly page: Page;
  readonly next: string | undefined;
}

/** How answers are written. */
export interface WireFormat {
  readonly contentType: string;
  one(addressing: Addressing, set: EntitySetType, stored: Stored): string;
  list(addressing: Addressing, set: EntitySetType, answer: ListAnswer): string;
  error(status: number, message: string): string;
}
