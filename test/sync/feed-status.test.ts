import { randomUUID } from 'node:crypto';
import type { ModelStatus } from '../../src';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { following } from '../support/following';

describe('the status of models that are followed', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face: 'dataverse', remap: following(['Organisation']) });
  });
  afterAll(() => world.close());

  const statusOf = async (name: string): Promise<ModelStatus | undefined> =>
    (await world.dualWrite.status()).models.find(({ model }) => model === name);

  it('says since when all of it is here, and how far it is behind', async () => {
    const { Organisation, Contact } = world.models;
    const never = { completeSince: null, pulledAt: null, behindMs: null };
    expect(await statusOf('Organisation')).toMatchObject({ followed: true, ...never });
    await world.sandbox.load('account', [{ AccountId: randomUUID(), Name: 'A' }]);
    await Organisation.findAll();
    const loaded = await statusOf('Organisation');
    expect(loaded).toMatchObject({ followed: true, rows: 1 });
    expect(loaded?.completeSince).toBeInstanceOf(Date);
    expect(loaded?.pulledAt).toEqual(loaded?.completeSince);
    expect(loaded?.behindMs).toBeGreaterThanOrEqual(0);
    await Organisation.findAll();
    const pulled = await statusOf('Organisation');
    expect(pulled?.completeSince).toEqual(loaded?.completeSince);
    expect(pulled?.pulledAt?.getTime()).toBeGreaterThan(loaded?.pulledAt?.getTime() ?? Infinity);
    await Contact.findAll({ freshness: { maxAgeMs: 1000 } });
    expect(await statusOf('Contact')).toMatchObject({ followed: false, ...never });
  });
});
