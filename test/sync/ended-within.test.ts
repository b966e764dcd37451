import type { Transaction } from 'sequelize';
import { openDualWorld, type DualWorld } from '../support/dual-world';

type Ending = (given: Transaction, own: Transaction | undefined) => Promise<void>;

const endings: readonly (readonly [string, Ending])[] = [
  ['rolls back what it was given', (given) => given.rollback()],
  ['commits what it was given', (given) => given.commit()],
  ["rolls back the caller's", (given, own = given) => own.rollback()],
  ["commits the caller's", (given, own = given) => own.commit()],
];

/** What ends a transaction from within one of its own writes must not wait for that write. */
describe.each(['immediate', 'changeset'] as const)('a hook, writes: %s,', (writes) => {
  let world: DualWorld;
  let own: Transaction | undefined;

  beforeAll(async () => {
    world = await openDualWorld({ face: 'dataverse', writes });
  });
  beforeEach(async () => {
    own = undefined;
    // Sequelize says itself that a savepoint has gone with its transaction.
    jest.spyOn(console, 'warn').mockImplementation();
    await world.reset();
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => world.close());

  const writing: readonly (readonly [string, (transaction?: Transaction) => Promise<unknown>])[] = [
    ['create', (transaction) => world.models.Organisation.create({ name: 'New' }, { transaction })],
    [
      'bulkCreate',
      (transaction) =>
        world.models.Organisation.bulkCreate([{ name: 'A' }, { name: 'B' }], {
          transaction,
          individualHooks: true,
        }),
    ],
    [
      'destroy',
      async (transaction) => {
        const [row] = await world.models.Organisation.findAll({ transaction });
        await row?.destroy({ transaction });
      },
    ],
  ];

  describe.each(endings)('that %s', (_, end) => {
    const hooks = ['afterCreate', 'afterDestroy'] as const;

    beforeEach(async () => {
      await world.models.Organisation.create({ name: 'Before' });
      for (const hook of hooks) {
        world.models.Organisation.addHook(
          hook,
          'ending',
          async (_row: unknown, options: object) => {
            await end((options as { transaction: Transaction }).transaction, own);
          },
        );
      }
    });
    afterEach(() => {
      for (const hook of hooks) world.models.Organisation.removeHook(hook, 'ending');
    });

    /** Both sides have the same, and nothing stays open. */
    const expectAgreement = async (): Promise<void> => {
      const there = await world.sandbox.records('account');
      const here = await world.models.Organisation.findAll({ skipLegacy: true });
      const keys = there.map(({ AccountId }) => String(AccountId)).sort();
      expect(here.map(({ legacyId }) => legacyId).sort()).toEqual(keys);
      expect((await world.dualWrite.status()).open).toEqual([]);
    };

    it.each(writing)('does not leave half of a %s of its own', async (_name, write) => {
      await write().catch(() => undefined);
      await expectAgreement();
    });

    it.each(writing)('does not leave half of a %s in a transaction', async (_name, write) => {
      own = await world.sequelize.transaction();
      await write(own).catch(() => undefined);
      await own.commit().catch(() => undefined);
      if (!(own as Transaction & { finished?: string }).finished) await own.rollback();
      await expectAgreement();
    });
  });
});
