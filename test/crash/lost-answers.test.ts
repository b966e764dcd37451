import { Sequelize } from 'sequelize';
import { migrators } from '../../migrators';
import { defineModels, type Models } from '../../models';
import { connectLegacy, type DualWrite, InDoubtError } from '../../src';
import { dataverseMigrators } from '../support/dataverse-migrators';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import { clearWorld, disagreements, legacyOrganisations, watchOrganisations } from './oracle';
import { type Fate, startTcpProxy, type TcpProxy } from './tcp-proxy';
import { until } from './until';

const faces: Face[] = ['dynamics2011', 'dataverse'];

// Sequelize warns of each connection that it gives up.
beforeAll(() => jest.spyOn(console, 'warn').mockReturnValue());

describe.each(faces)('a COMMIT whose answer is lost, %s face', (face) => {
  let world: DualWorld;
  let proxy: TcpProxy;
  let sequelize: Sequelize;
  let models: Models;
  let dualWrite: DualWrite;

  beforeAll(async () => {
    world = await openDualWorld({ face, recoverEveryMs: 0 });
    await watchOrganisations(world);
    const url = new URL(world.database.url);
    proxy = await startTcpProxy(Number(url.port));
    url.port = String(proxy.port);
    sequelize = new Sequelize(url.href, { logging: false });
    models = defineModels(sequelize);
    const own = face === 'dataverse' ? dataverseMigrators : migrators;
    const { client } = world;
    dualWrite = await connectLegacy(sequelize, { client, migrators: own, recoverEveryMs: 0 });
  });
  beforeEach(() => clearWorld(world));
  afterEach(() => proxy.judge(() => 'forward'));
  afterAll(async () => {
    await dualWrite.close();
    await sequelize.close();
    await proxy.close();
    await world.close();
  });

  const held = async (): Promise<unknown[]> =>
    (await legacyOrganisations(world)).map(({ name, employees }) => [name, employees]).sort();

  /** The next COMMIT meets this fate; and afterwards, if that is said, everything else another. */
  const onCommit = (fate: Fate, afterwards: Fate = 'forward'): void => {
    let isOver = false;
    proxy.judge((text) => {
      if (isOver) return afterwards;
      isOver = text.includes('COMMIT;\0');
      return isOver ? fate : 'forward';
    });
  };

  const writes = async (options: { fate: Fate; afterwards?: Fate }): Promise<unknown> => {
    const kept = await models.Organisation.create({ name: 'Kept', employees: 1 });
    // Otherwise its intent would be removed in a moment, when nothing may come through any more.
    await dualWrite.recover();
    onCommit(options.fate, options.afterwards);
    return sequelize
      .transaction(async (transaction) => {
        await kept.update({ employees: 2 }, { transaction });
        await models.Organisation.create({ name: 'Made', employees: 7 }, { transaction });
      })
      .catch((error: unknown) => error);
  };

  it('is undone when COMMIT never arrived', async () => {
    const error = await writes({ fate: 'cut' });
    expect(error).toBeInstanceOf(Error);
    expect(await disagreements(world)).toEqual([]);
    expect(await held()).toEqual([['Kept', 1]]);
  });

  it('succeeds when COMMIT was carried out', async () => {
    expect(await writes({ fate: 'cut after' })).toBeUndefined();
  });

  it('stands when COMMIT was carried out', async () => {
    await writes({ fate: 'cut after' });
    expect(await disagreements(world)).toEqual([]);
    expect(await held()).toEqual([
      ['Kept', 2],
      ['Made', 7],
    ]);
  });

  it('says that it is in doubt while the database cannot be reached', async () => {
    const error = await writes({ fate: 'cut after', afterwards: 'cut' });
    expect(error).toBeInstanceOf(InDoubtError);
  });

  it('is settled when the database can be reached again', async () => {
    await writes({ fate: 'cut after', afterwards: 'cut' });
    proxy.judge(() => 'forward');
    expect(await dualWrite.recover()).toMatchObject({ committed: 1, undone: 0 });
    expect(await disagreements(world)).toEqual([]);
    expect(await held()).toEqual([
      ['Kept', 2],
      ['Made', 7],
    ]);
  });

  it('is in doubt when a recovery elsewhere has settled it first', async () => {
    const recoverElsewhere = async (): Promise<Fate> => {
      await world.dualWrite.recover();
      return 'forward';
    };
    let isOver = false;
    const kept = await models.Organisation.create({ name: 'Kept', employees: 1 });
    proxy.judge((text) => {
      if (isOver) {
        proxy.judge(() => 'forward');
        return recoverElsewhere();
      }
      isOver = text.includes('COMMIT;\0');
      return isOver ? 'cut after' : 'forward';
    });
    const error: unknown = await kept.update({ employees: 2 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InDoubtError);
    expect(await disagreements(world)).toEqual([]);
    expect(await held()).toEqual([['Kept', 2]]);
  });

  it('is in doubt while the database still commits', async () => {
    await world.sequelize.query(`
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON organisations
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.name = 'Made') EXECUTE FUNCTION slowly();`);
    const error = await writes({ fate: 'cut during' });
    await world.sequelize.query('DROP FUNCTION slowly CASCADE');
    expect(error).toBeInstanceOf(InDoubtError);
    await until('the transaction has ended', async () => {
      const report = await dualWrite.recover();
      return report['left alone'] === 0;
    });
    expect(await disagreements(world)).toEqual([]);
    expect(await held()).toEqual([
      ['Kept', 2],
      ['Made', 7],
    ]);
  });

  it('is completed when a delete was carried out before', async () => {
    const doomed = await models.Organisation.create({ name: 'Doomed' });
    onCommit('cut');
    await expect(doomed.destroy()).rejects.toThrow();
    expect(await disagreements(world)).toEqual([]);
    expect(await held()).toEqual([]);
  });
});
