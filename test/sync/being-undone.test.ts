import { randomUUID } from 'node:crypto';
import { LegacyError } from '../../legacy-client';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

/** The row is free when a transaction is rolled back; its legacy write is taken back after that. */
describe.each(faces)('a record whose update is being undone, %s face', (face) => {
  let world: DualWorld;
  const method = face === 'dataverse' ? 'PATCH' : 'MERGE';

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const ways = ['increment', 'static increment', 'update of another field'] as const;
  it.each(ways)('is not taken as it is by the next writer: %s', async (way) => {
    const { Organisation } = world.models;
    const key = randomUUID();
    await world.sandbox.load('account', [{ AccountId: key, Name: 'One', NumberOfEmployees: 1 }]);
    const row = await Organisation.findOne({ rejectOnEmpty: true });
    const other = await Organisation.findOne({ rejectOnEmpty: true });
    await world.sandbox.loseResponse({ method });
    // The undoing write.
    await world.sandbox.delayNext({ method, delayMs: 400 });
    const failing = row.update({ employees: 500 });
    failing.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 60));
    if (way === 'increment') await other.increment('employees', { by: 10 });
    else if (way === 'static increment')
      await Organisation.increment('employees', { by: 10, where: { id: row.id } });
    else await other.update({ telephone: '1' });
    await expect(failing).rejects.toThrow(LegacyError);
    const employees = way === 'update of another field' ? 1 : 11;
    const record = await world.sandbox.record('account', key);
    expect(record?.NumberOfEmployees).toBe(employees);
    const stored = await Organisation.findByPk(row.id, { skipLegacy: true });
    expect(stored?.employees).toBe(employees);
  });
});
