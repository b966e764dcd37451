import type { EntityModel } from '../entity-model';
import type { Expression } from '../filter/expression';
import type { LinkEnd } from '../many-to-many';
import { linkedKeys } from '../store/links';
import type { Store } from '../store/store';
import type { FaceAnswer, FaceRequest } from './face';

/** What follows a record in a path: its relationships and links. */
export interface Navigation {
  readonly model: EntityModel;
  readonly key: string;
  /** `optevia_account_sector/$ref`, `$links/optevia_account_sector`. */
  readonly rest: string;
  readonly request: FaceRequest;
}

/** What answering needs of the face. */
export interface NavigationParts {
  readonly store: Store;
  readonly headers: Readonly<Record<string, string>>;
  /** Answers a list of those records of an entity that fit. */
  readonly list: (model: EntityModel, request: FaceRequest, within: Expression) => FaceAnswer;
}

/** Fits the records that are linked to one. */
export function linkedTo(store: Store, end: LinkEnd, key: string): Expression {
  return { type: 'in', property: end.target.key, values: linkedKeys(store, end, key) };
}
