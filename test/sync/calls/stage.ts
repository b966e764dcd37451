import { randomUUID } from 'node:crypto';
import type { Models } from '../../../models';
import type { DualWorld } from '../../support/dual-world';

/** What every call finds: both sides agree, and nothing changes meanwhile. */
export interface Stage {
  readonly world: DualWorld;
  readonly models: Models;
  readonly foundry: InstanceType<Models['Organisation']>;
  readonly forge: InstanceType<Models['Organisation']>;
  readonly steel: InstanceType<Models['Sector']>;
  readonly ada: InstanceType<Models['Contact']>;
  readonly ben: InstanceType<Models['Contact']>;
  readonly order: InstanceType<Models['Order']>;
  readonly spare: InstanceType<Models['Order']>;
}

/** Two organisations, two contacts of the first, an order of one of them and one of nobody. */
export async function setStage(world: DualWorld): Promise<Stage> {
  await world.reset();
  const { models, sandbox } = world;
  const [foundry, forge, steel, ada, ben, order, spare] = Array.from({ length: 7 }, () =>
    randomUUID(),
  ) as [string, string, string, string, string, string, string];
  await sandbox.load('optevia_sector', [{ optevia_sectorId: steel, optevia_name: 'Steel' }]);
  // Distinct, so that an order by them is the same each time.
  const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
  const sector = { optevia_Sector: steel };
  await sandbox.load('account', [
    {
      AccountId: foundry,
      CreatedOn: at(1),
      Name: 'Fictional Foundry',
      NumberOfEmployees: 10,
      ...sector,
    },
    {
      AccountId: forge,
      CreatedOn: at(2),
      Name: 'Fictional Forge',
      NumberOfEmployees: 20,
      ParentAccountId: foundry,
    },
  ]);
  await sandbox.load('contact', [
    { ContactId: ada, CreatedOn: at(1), LastName: 'Example', ParentCustomerId: foundry },
    { ContactId: ben, CreatedOn: at(2), LastName: 'Specimen', ParentCustomerId: foundry },
  ]);
  await sandbox.load('salesorder', [
    { SalesOrderId: order, OrderNumber: 'F-1', CustomerId: foundry },
    { SalesOrderId: spare, OrderNumber: 'F-2', CustomerId: forge },
  ]);
  await sandbox.load('optevia_contactorder', [
    { optevia_contactorderId: randomUUID(), optevia_Contact: ada, optevia_Order: order },
  ]);
  for (const model of Object.values(models)) await (model as Models['Sector']).findAll();
  const of = async (name: keyof Models, legacyId: string): Promise<never> =>
    (await (models[name] as Models['Sector']).findOne({
      where: { legacyId },
      skipLegacy: true,
      rejectOnEmpty: true,
    })) as never;
  return {
    ...{ world, models },
    foundry: await of('Organisation', foundry),
    forge: await of('Organisation', forge),
    steel: await of('Sector', steel),
    ada: await of('Contact', ada),
    ben: await of('Contact', ben),
    order: await of('Order', order),
    spare: await of('Order', spare),
  };
}
