import { randomUUID } from 'node:crypto';
import { Company, openCompanyWorld } from '../support/companies';
import type { DualWorld, Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('unique values of deleted rows that stay, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openCompanyWorld(face, { paranoid: true });
  });
  beforeEach(async () => {
    await world.reset();
    await world.sequelize.query('TRUNCATE companies RESTART IDENTITY');
  });
  afterAll(() => world.close());

  it('gives them to new records, also where the row was deleted long ago', async () => {
    for (const waits of [false, true]) {
      const key = randomUUID();
      const number = String(waits);
      await world.sandbox.load('account', [
        { AccountId: key, Name: `Old ${number}`, AccountNumber: number },
      ]);
      await Company.findAll();
      await world.sandbox.deleteAsLegacyUser('account', key);
      if (waits) await Company.findAll();
      await world.sandbox.load('account', [
        { AccountId: randomUUID(), Name: `New ${number}`, AccountNumber: number },
      ]);
      const rows = await Company.findAll({ where: { number } });
      expect(rows.map(({ title }) => title)).toEqual([`New ${number}`]);
    }
    const all = await Company.skipLegacy().findAll({ paranoid: false, order: ['title'] });
    expect(all.map(({ title, number }) => [title, number])).toEqual([
      ['New false', 'false'],
      ['New true', 'true'],
      ['Old false', null],
      ['Old true', null],
    ]);
  });
});
