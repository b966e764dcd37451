import { CrmError } from '../crm-error';
import type { LegacyValue } from '../../entity';
import type { EntityModel } from '../entity-model';
import type { Store } from './store';
import type { Row } from './row-list';

/** An account has this many addresses from its first moment. */
const addressesPerAccount = 2;
const addressName = 'customeraddress';

/**
 * Create a record as the service does: with an account come its address records, and an address
 * is never created by a client.
 *
 * @throws CrmError when the CRM refuses the record.
 */
export function createWithAddresses(
  store: Store,
  model: EntityModel,
  values: Readonly<Record<string, LegacyValue>>,
  key?: string,
): Row {
  if (model.logicalName === addressName) throw addressRefusal(values.ParentId ?? null);
  const row = store.create(model, values, key);
  const addresses = store.models.get(addressName);
  if (model.logicalName !== 'account' || addresses === undefined) return row;
  const parent = row.key;
  try {
    for (let number = 1; number <= addressesPerAccount; number += 1) {
      store.create(addresses, { ParentId: parent, AddressNumber: number });
    }
  } catch (error) {
    // A plug-in on addresses refused: the service takes the account back in the same transaction.
    store.delete(model, parent);
    throw error;
  }
  return row;
}

function addressRefusal(parent: LegacyValue): CrmError {
  return parent === null
    ? new CrmError('invalidArgument', 'CustomerAddress needs to be parented.')
    : new CrmError('invalidArgument', 'CustomerAddress cannot be created as a top-level resource.');
}
