import { findRevision, revision, RevisionError, SyncConflictError, type Revision } from '../../src';
import { openChangesetWorld, type ChangesetWorld } from '../support/changeset-world';
import { openClubWorld, type ClubWorld } from '../support/clubs';
import { Company, openCompanyWorld } from '../support/companies';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('a revision whose records CRM users have changed since, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openCompanyWorld(face);
  });
  beforeEach(async () => {
    await world.reset();
    await world.sequelize.query('TRUNCATE companies RESTART IDENTITY');
  });
  afterAll(() => world.close());

  const lastRevision = async (row: Company): Promise<Revision> => {
    const [version] = await row.versions();
    const found = await findRevision(world.sequelize, String(version?.revision.id));
    if (!found) throw new Error('There is no such revision.');
    return found;
  };
  const sizes = async (): Promise<unknown[]> => {
    const there = await world.sandbox.records('account');
    return there.map(({ NumberOfEmployees }) => NumberOfEmployees);
  };

  // Nobody had read the record since: the edit left no version, and was overwritten.
  it('is not set back over their edits', async () => {
    const row = await Company.create({ title: 'A', size: 1 });
    await revision({ comment: 'mistake' }, () => row.update({ size: 2 }));
    const mistake = await lastRevision(row);
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { NumberOfEmployees: 9 });
    await expect(mistake.undo()).rejects.toThrow(RevisionError);
    await expect(mistake.revert()).rejects.toThrow(RevisionError);
    expect(await sizes()).toEqual([9]);
    await mistake.undo({ overwriteLater: true });
    expect(await sizes()).toEqual([1]);
    expect((await row.versions()).map(({ values }) => values.size)).toEqual([1, 9, 2, 1]);
  });

  it('does not take what it created away with their edits', async () => {
    const row = await Company.create({ title: 'A', size: 1 });
    const mistake = await lastRevision(row);
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { NumberOfEmployees: 9 });
    await expect(mistake.undo()).rejects.toThrow(RevisionError);
    expect(await sizes()).toEqual([9]);
  });

  it('is undone also where a unique value has gone from one record to another', async () => {
    const old = await Company.create({ title: 'Old', number: '1' });
    const made = await revision({ comment: 'mistake' }, () =>
      world.sequelize.transaction(async (transaction) => {
        await old.destroy({ transaction });
        return Company.create({ title: 'New', number: '1' }, { transaction });
      }),
    );
    await (await lastRevision(made)).undo();
    const there = await world.sandbox.records('account');
    expect(there.map(({ Name, AccountNumber }) => [Name, AccountNumber])).toEqual([['Old', '1']]);
    expect((await Company.findAll()).map(({ title }) => title)).toEqual(['Old']);
  });

  it('does not bring back what they have deleted', async () => {
    const row = await Company.create({ title: 'A', size: 1 });
    await row.update({ size: 2 });
    const mistake = await lastRevision(row);
    await world.sandbox.deleteAsLegacyUser('account', String(row.legacyId));
    await expect(mistake.undo()).rejects.toThrow(RevisionError);
    expect(await sizes()).toEqual([]);
    expect(await Company.skipLegacy().count()).toBe(1);
    expect(await Company.count()).toBe(0);
  });
});

describe.each(faces)('a revision with deletes of paranoid rows, %s face', (face) => {
  let world: ClubWorld;

  beforeAll(async () => {
    world = await openClubWorld(face, { onDestroy: 'delete' });
  });
  afterAll(() => world.close());

  // The row of the club is still there to be referred to, the record is not.
  it('is undone, records before what refers to them', async () => {
    const { Club, Member, sequelize } = world;
    const club = await Club.create({ name: 'Chess' });
    const member = await Member.create({ name: 'Ann', clubId: club.id });
    await revision({ comment: 'mistake' }, () =>
      sequelize.transaction(async (transaction) => {
        const other = await Club.create({ name: 'Go' }, { transaction });
        await member.update({ clubId: other.id }, { transaction });
        await Member.create({ name: 'Bo', clubId: other.id }, { transaction });
        await club.destroy({ transaction });
      }),
    );
    const clubs = async (): Promise<unknown[]> => {
      const found = await Club.findAll({ include: ['members'] });
      return found.map(({ name, members }) => [name, members?.map((one) => one.name).sort()]);
    };
    for (const expected of [
      ['Chess', ['Ann']],
      ['Go', ['Ann', 'Bo']],
    ]) {
      const [version] = await member.versions();
      const mistake = await findRevision(sequelize, String(version?.revision.id));
      await mistake?.undo();
      expect(await clubs()).toEqual([expected]);
      expect(Object.keys(await world.states())).toEqual([expected[0]]);
    }
  });
});

describe.each([
  ['dynamics2011', 'immediate'],
  ['dataverse', 'immediate'],
  ['dataverse', 'changeset'],
] as const)("an instance's destroy by the rule reject, %s face, writes: %s", (face, writes) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({
      ...{ face, writes, recoverEveryMs: 0 },
      remap: (migrators) =>
        migrators.map((migrator) => ({
          ...migrator,
          definition: { ...migrator.definition, conflict: 'reject' },
        })),
    });
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const names = async (): Promise<unknown[]> =>
    (await world.sandbox.records('account')).map(({ Name }) => Name);

  it('is refused when the record has changed since, and changes nothing', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Base', employees: 1 });
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { Name: 'Theirs' });
    const refused: unknown = await row.destroy().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SyncConflictError);
    expect((refused as SyncConflictError).fields).toEqual({
      name: { base: 'Base', local: 'Base', legacy: 'Theirs' },
    });
    expect(await names()).toEqual(['Theirs']);
    expect(await Organisation.skipLegacy().count()).toBe(1);
    await row.reload();
    await row.destroy();
    expect(await names()).toEqual([]);
  });

  it('goes on after writes of its own transaction, and when the record is gone', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Base', employees: 1 });
    await world.sequelize.transaction(async (transaction) => {
      await row.update({ employees: 2 }, { transaction });
      await row.destroy({ transaction });
    });
    expect(await names()).toEqual([]);
    const gone = await Organisation.create({ name: 'Gone' });
    await world.sandbox.deleteAsLegacyUser('account', String(gone.legacyId));
    await gone.destroy();
    expect(await Organisation.skipLegacy().count()).toBe(0);
  });
});

describe('a changeset that is refused as a whole', () => {
  let world: ChangesetWorld;

  beforeAll(async () => {
    world = await openChangesetWorld();
  });
  afterAll(() => world.close());

  // A gateway's 400 was taken to say that the service has no changesets, by all that came later.
  it('is refused alone where the service has carried others out', async () => {
    const { Organisation } = world.models;
    const two = (first: string, second: string): Promise<unknown> =>
      world.sequelize.transaction(async (transaction) => {
        await Organisation.create({ name: first }, { transaction });
        await Organisation.create({ name: second }, { transaction });
      });
    await two('A', 'B');
    await world.sandbox.failNext({ method: 'BATCH', status: 400, form: 'html' });
    await expect(two('C', 'D')).rejects.toThrow(/400/);
    expect(await world.names()).toEqual(['A', 'B']);
    await two('E', 'F');
    expect(await world.names()).toEqual(['A', 'B', 'E', 'F']);
    expect(await world.notes()).toBe(0);
  });
});
