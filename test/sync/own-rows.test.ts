import { QueryTypes } from 'sequelize';
import { openDualWorld, type DualWorld } from '../support/dual-world';

describe('rows that are not as the legacy system has them', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face: 'dataverse' });
    await world.sequelize.query(
      `INSERT INTO sectors (name, legacy_id, legacy_modified_at, modified_at, created_at)
       SELECT 'S' || n, gen_random_uuid(), now(), now(), now() FROM generate_series(1, 20000) AS n`,
    );
    await world.sequelize.query('VACUUM ANALYZE sectors');
  });
  afterAll(() => world.close());

  it('are found without looking through the table, for counts and for feeds', async () => {
    const conditions = [
      'legacy_id IS NULL OR legacy_modified_at IS NULL OR modified_at > legacy_modified_at',
      'modified_at > legacy_modified_at',
    ];
    for (const condition of conditions) {
      const plan = await world.sequelize.query(`EXPLAIN SELECT FROM sectors WHERE ${condition}`, {
        type: QueryTypes.SELECT,
      });
      expect(JSON.stringify(plan)).toContain('dual_write_own_sector');
    }
  });
});
