import { CrmError } from '../crm-error';
import type { EntityModel, PropertyModel, Reference } from '../entity-model';
import type { Table } from './table';

/** One record, by entity and key. */
export interface RecordAddress {
  readonly model: EntityModel;
  readonly key: string;
}

/** What the deletion of one record brings with it. */
export interface DeletionPlan {
  /** The record itself first, then what it takes along. */
  readonly deletions: readonly RecordAddress[];
  /** Lookups that lose their value. */
  readonly unlinks: readonly (RecordAddress & { readonly property: PropertyModel })[];
}

type TableOf = (model: EntityModel) => Table;

function referrers(tableOf: TableOf, { from, property }: Reference, key: string): string[] {
  const rows = tableOf(from).index(property).get(key)?.sorted() ?? [];
  return rows.map((row) => row.key);
}

const identify = (model: EntityModel, key: string): string => `${model.logicalName} ${key}`;

/**
 * Follow the schema's rules from one record.
 *
 * @throws CrmError when a record that would stay refers to one that would go, under `restrict`.
 */
export function planDeletion(tableOf: TableOf, first: RecordAddress): DeletionPlan {
  const deletions = [first];
  const going = new Set([identify(first.model, first.key)]);
  const unlinks: (RecordAddress & { property: PropertyModel })[] = [];
  const restricting: RecordAddress[] = [];
  // The list grows while it is walked: cascades reach any depth, and cycles end.
  for (const { model, key } of deletions) {
    for (const reference of model.references) {
      const { from, property } = reference;
      for (const referrer of referrers(tableOf, reference, key)) {
        const address = { model: from, key: referrer };
        if (property.onDelete === 'restrict') restricting.push(address);
        else if (property.onDelete !== 'cascade') unlinks.push({ ...address, property });
        else if (!going.has(identify(from, referrer))) {
          going.add(identify(from, referrer));
          deletions.push(address);
        }
      }
    }
  }
  const stays = ({ model, key }: RecordAddress): boolean => !going.has(identify(model, key));
  if (restricting.some(stays)) {
    throw new CrmError(
      'stillReferenced',
      'The object you tried to delete is associated with another object and cannot be deleted.',
    );
  }
  return { deletions, unlinks: unlinks.filter(stays) };
}
