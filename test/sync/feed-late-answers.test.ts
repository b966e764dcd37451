import { randomUUID } from 'node:crypto';
import { applyAnswer } from '../../src/sync/refresh/apply';
import { refreshScope } from '../../src/sync/refresh/scope';
import { syncedModel } from '../../src/sync/runtime';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { following } from '../support/following';

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('followed models, beside a slow reader', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face: 'dataverse', remap: following(['Organisation']) });
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const names = async (): Promise<string[]> =>
    (await world.models.Organisation.findAll()).map(({ name }) => name).sort();
  /** Fetch a record; what is given stores it, as a reader does whose answer is long under way. */
  const slowReader = async (key: string): Promise<() => Promise<unknown>> => {
    const { runtime, mapping } = syncedModel('Organisation', world.sequelize);
    const askedAt = await runtime.clock.now();
    const record = await runtime.client.get(mapping.entity, key);
    return () => applyAnswer(refreshScope(runtime), { mapping, records: [record], askedAt });
  };
  const whilePulling = async (act: () => Promise<unknown>): Promise<string[]> => {
    await world.sandbox.delayNext({ delayMs: 400, times: 1 });
    const answer = names();
    await rest(200);
    await act();
    return answer;
  };

  // What a reader has stored late, from an answer older than the pull, is spared by the pull.
  it('leave out a record that was deleted before the call', async () => {
    const [key] = await world.sandbox
      .load('account', [{ AccountId: randomUUID(), Name: 'Gone' }])
      .then(async () => (await world.sandbox.records('account')).map((one) => one.AccountId));
    await world.sandbox.load('account', [{ AccountId: randomUUID(), Name: 'Stays' }]);
    expect(await names()).toHaveLength(2);
    await world.sandbox.editAsLegacyUser('account', String(key), { Name: 'Gone soon' });
    const store = await slowReader(String(key));
    await world.sandbox.deleteAsLegacyUser('account', String(key));
    expect(await whilePulling(store)).toEqual(['Stays']);
  });

  it('leave out a record that was deleted before the model was loaded', async () => {
    const key = randomUUID();
    await world.sandbox.load('account', [{ AccountId: key, Name: 'Gone' }]);
    await world.sandbox.load('account', [{ AccountId: randomUUID(), Name: 'Stays' }]);
    const store = await slowReader(key);
    await world.sandbox.deleteAsLegacyUser('account', key);
    expect(await whilePulling(store)).toEqual(['Stays']);
    expect(await names()).toEqual(['Stays']);
  });

  // No change since the load tells of such a deletion, and nothing here was there to be missing.
  it('leave out a record that was deleted before a load, and is stored after it', async () => {
    const key = randomUUID();
    await world.sandbox.load('account', [{ AccountId: key, Name: 'Gone' }]);
    await world.sandbox.load('account', [{ AccountId: randomUUID(), Name: 'Stays' }]);
    const store = await slowReader(key);
    await world.sandbox.deleteAsLegacyUser('account', key);
    expect(await names()).toEqual(['Stays']);
    await store();
    expect(await names()).toEqual(['Stays']);
  });

  it('store a record that is still there, as it is by now', async () => {
    const key = randomUUID();
    await world.sandbox.load('account', [{ AccountId: key, Name: 'Early' }]);
    const store = await slowReader(key);
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'Late' });
    expect(await names()).toEqual(['Late']);
    await world.models.Organisation.destroy({ where: {}, skipLegacy: true });
    await store();
    const here = await world.models.Organisation.findAll({ freshness: 'local' });
    expect(here.map(({ name }) => name)).toEqual(['Late']);
  });
});
