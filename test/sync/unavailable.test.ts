import { LegacyForbiddenError, LegacyUnavailableError, type Logger } from '../../src';
import { openDualWorld, type DualWorld } from '../support/dual-world';

const said: string[] = [];
const note = (_: object, message: string): void => {
  said.push(message);
};
const logger: Logger = { debug: note, info: note, warn: note, error: note };

describe('while the legacy system is not available', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ logger });
  });

  afterAll(() => world.close());

  beforeEach(async () => {
    await world.reset();
    await world.sandbox.load('optevia_sector', [
      { optevia_sectorId: '7d3b6f50-0000-4000-8000-000000000001', optevia_name: 'Imaginary Mills' },
    ]);
    await world.models.Sector.findAll();
    said.length = 0;
  });

  const down = (): Promise<void> => world.sandbox.failNext({ form: 'drop', times: 4 });
  const local = { onUnavailable: 'local' } as const;

  it('a read that may answers with what is here, and warns', async () => {
    await down();
    const sectors = await world.models.Sector.findAll({ freshness: local });
    expect(sectors.map(({ name }) => name)).toEqual(['Imaginary Mills']);
    expect(said).toEqual(['Answered with local rows: the legacy system is not available']);
    await down();
    expect(await world.models.Sector.count({ freshness: local })).toBe(1);
  });

  it('any other read fails', async () => {
    await down();
    await expect(world.models.Sector.findAll()).rejects.toThrow(LegacyUnavailableError);
    await down();
    const freshness = { maxAgeMs: 0, onUnavailable: 'error' } as const;
    await expect(world.models.Sector.findAll({ freshness })).rejects.toThrow(
      LegacyUnavailableError,
    );
  });

  it('a refusal is none that passes: the read fails', async () => {
    await world.sandbox.failNext({ status: 403 });
    await expect(world.models.Sector.findAll({ freshness: local })).rejects.toThrow(
      LegacyForbiddenError,
    );
  });

  it('goes with an age: what is new enough is not asked for, what is older may be local', async () => {
    const { Sector } = world.models;
    const freshness = { maxAgeMs: 60_000, ...local };
    await Sector.findAll({ freshness });
    await world.legacyCalls();
    await Sector.findAll({ freshness });
    expect(await world.legacyCalls()).toEqual([]);
    await down();
    expect(await Sector.findAll({ freshness: { maxAgeMs: 0, ...local } })).toHaveLength(1);
  });

  it.each([{}, { onUnavailable: 'guess' }, { maxAgeMs: -1, onUnavailable: 'local' }])(
    'rules that are none are refused: %p',
    async (freshness) => {
      await expect(world.models.Sector.findAll({ freshness: freshness as never })).rejects.toThrow(
        /freshness/,
      );
    },
  );
});
