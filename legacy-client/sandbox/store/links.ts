import { CrmError } from '../crm-error';
import type { EntityModel } from '../entity-model';
import type { LinkEnd } from '../many-to-many';
import type { Row } from './row-list';
import type { Store } from './store';

/** Two records, by key: the one at whose end a relationship is looked at, and the other. */
export interface LinkedKeys {
  readonly own: string;
  readonly other: string;
}

/** Find a relationship of an entity; names are matched exactly. */
export function linkEnd(model: EntityModel, name: string): LinkEnd | undefined {
  return model.manyToMany.find((end) => end.name === name);
}

/** The links of a record, in the order of their keys. */
function linksOf(store: Store, { intersect, own }: LinkEnd, key: string): readonly Row[] {
  return store.table(intersect).index(own).get(key)?.sorted() ?? [];
}

/** Keys of the records at the other end. */
export function linkedKeys(store: Store, end: LinkEnd, key: string): string[] {
  return linksOf(store, end, key).map(({ values }) => String(values[end.other.name]));
}

/** @throws CrmError when a record is not there, or the two are linked already. */
export function associate(store: Store, end: LinkEnd, { own, other }: LinkedKeys): void {
  store.create(end.intersect, { [end.own.name]: own, [end.other.name]: other });
}

/** @throws CrmError when the two are not linked. */
export function disassociate(store: Store, end: LinkEnd, { own, other }: LinkedKeys): void {
  const link = linksOf(store, end, own).find(({ values }) => values[end.other.name] === other);
  if (link === undefined) {
    throw new CrmError('doesNotExist', `${end.name} of ${own} With ${other} Does Not Exist`);
  }
  store.delete(end.intersect, link.key);
}
