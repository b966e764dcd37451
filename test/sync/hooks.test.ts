import { randomUUID } from 'node:crypto';
import { defineMigrator, RejectedRecordError } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('fromLegacy hooks, %s face', (face) => {
  let world: DualWorld;
  const seen: string[] = [];

  beforeAll(async () => {
    world = await openDualWorld({
      face,
      remap: (migrators) =>
        migrators.map(({ model, definition }) =>
          model.name === 'Organisation'
            ? defineMigrator(model, {
                ...definition,
                fromLegacy: ({ key, values }) => {
                  seen.push(key);
                  const name = String(values.Name ?? values.name);
                  if (name === 'Bad') throw new RangeError('Not a good one.');
                  return { internalNote: name.toUpperCase() };
                },
              })
            : { model, definition },
        ),
    });
  });
  beforeEach(async () => {
    await world.reset();
    seen.length = 0;
  });
  afterAll(() => world.close());

  const account = async (name: string): Promise<string> => {
    const key = randomUUID();
    await world.sandbox.load('account', [{ AccountId: key, Name: name }]);
    return key;
  };
  const notes = async (): Promise<unknown[]> => {
    const rows = await world.models.Organisation.findAll({ order: ['name'] });
    return rows.map(({ internalNote }) => internalNote);
  };

  it('run once for each record that is fetched, whatever becomes of it', async () => {
    const keys = [await account('a'), await account('b')].sort();
    expect(await notes()).toEqual(['A', 'B']);
    expect(seen.splice(0).sort()).toEqual(keys);
    expect(await notes()).toEqual(['A', 'B']);
    expect(seen.splice(0).sort()).toEqual(keys);
    await world.sandbox.editAsLegacyUser('account', keys[0] ?? '', { Name: 'z' });
    expect(await notes()).toContain('Z');
    expect(seen.splice(0).sort()).toEqual(keys);
  });

  it('reject what they throw for, having run once', async () => {
    const keys = [await account('a'), await account('Bad')].sort();
    await expect(notes()).rejects.toThrow(RejectedRecordError);
    expect(seen.splice(0).sort()).toEqual(keys);
  });
});
