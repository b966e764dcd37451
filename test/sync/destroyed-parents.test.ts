import { RejectedRecordError } from '../../src';
import { openDualWorld, type DualWorld } from '../support/dual-world';

describe.each(['immediate', 'changeset'] as const)(
  "records that need one that the transaction has destroyed, writes: '%s'",
  (writes) => {
    let world: DualWorld;

    beforeAll(async () => {
      world = await openDualWorld({ face: 'dataverse', recoverEveryMs: 0, writes });
    });
    beforeEach(() => world.reset());
    afterAll(() => world.close());

    it('are rejected with that reason', async () => {
      const { Organisation, Contact } = world.models;
      const row = await Organisation.create({ name: 'A' });
      const key = String(row.legacyId);
      let error: unknown;
      await world.sequelize.transaction(async (transaction) => {
        await row.destroy({ transaction });
        await world.sandbox.createAsLegacyUser('contact', {
          LastName: 'Fictional',
          ParentCustomerId: key,
        });
        error = await Contact.findAll({ transaction }).catch((reason: unknown) => reason);
      });
      expect(error).toBeInstanceOf(RejectedRecordError);
      expect(String(error)).toContain(`refers to ${key}, which this transaction has destroyed`);
      expect(await world.sandbox.record('account', key)).toBeUndefined();
    });

    it('are rejected with that reason when they are written', async () => {
      const { Organisation, Contact } = world.models;
      const row = await Organisation.create({ name: 'A' });
      const contact = await Contact.create({ firstName: 'Fay', lastName: 'Fictional' });
      const key = String(row.legacyId);
      const error = await world.sequelize
        .transaction(async (transaction) => {
          await row.destroy({ transaction });
          await world.sandbox.editAsLegacyUser('contact', String(contact.legacyId), {
            ParentCustomerId: key,
          });
          await contact.update({ firstName: 'Ada' }, { transaction });
        })
        .catch((reason: unknown) => reason);
      const names = (await Organisation.skipLegacy().findAll()).map(({ name }) => name);
      const records = await world.sandbox.records('account');
      // With a changeset the delete comes before what the contact has become.
      expect(names).toEqual(writes === 'changeset' ? [] : ['A']);
      expect(records).toHaveLength(names.length);
      if (writes === 'changeset') return;
      expect(error).toBeInstanceOf(RejectedRecordError);
      expect(String(error)).toContain(`refers to ${key}, which this transaction has destroyed`);
      const [person] = await world.sandbox.records('contact');
      expect(person?.FirstName).toBe('Fay');
    });
  },
);
