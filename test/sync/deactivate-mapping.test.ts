import { DataTypes, Sequelize } from 'sequelize';
import { createDialect } from '../../legacy-client/dialects';
import { defineMigrator, field, LegacyModel, MappingError } from '../../src';
import { buildRegistry, type Mapping } from '../../src/mapping';

class Ship extends LegacyModel {}

describe('the mapping of records that are made inactive', () => {
  const sequelize = new Sequelize('postgres://127.0.0.1/never-connected', { logging: false });

  beforeAll(() => {
    const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true };
    Ship.init({ id, name: DataTypes.TEXT, isAfloat: DataTypes.BOOLEAN }, { sequelize });
  });

  type Definition = Parameters<typeof defineMigrator>[1];
  const mapped = (
    dialect: Parameters<typeof createDialect>[0],
    changes: Partial<Definition>,
  ): Mapping | undefined => {
    const definition = {
      ...{ entitySet: 'new_ships', key: 'new_shipid', logicalName: 'new_ship' },
      fields: { name: field.string('new_name') },
      ...changes,
    };
    return buildRegistry([defineMigrator(Ship, definition)], createDialect(dialect)).get('Ship');
  };
  const deactivate = { property: 'new_isafloat', active: true, inactive: false };

  it('is the state that the dialect knows', () => {
    const onDestroy = 'deactivate' as const;
    const ship = mapped('dataverse', { onDestroy });
    expect(ship?.deactivation).toMatchObject({
      property: { name: 'statecode', kind: 'optionSet' },
      ...{ active: 0, inactive: 1, isSentWithCreate: false },
      status: { name: 'statuscode' },
    });
    expect(ship?.entity.presence?.value).toBe(0);
    expect(ship?.deactivation?.everyRecord.presence).toBeUndefined();
    const names = ship?.entity.properties.map(({ name }) => name);
    expect(names).toEqual(['new_name', 'statecode', 'statuscode']);
    const older = mapped('dynamics2011', { onDestroy });
    expect(older?.deactivation?.property.name).toBe('StateCode');
    expect(mapped('dataverse', {})?.deactivation).toBeUndefined();
  });

  it('is a property that the migrator names, of the kind that its field has or its values show', () => {
    const own = mapped('dataverse', { onDestroy: { deactivate } });
    expect(own?.deactivation).toMatchObject({
      property: { name: 'new_isafloat', kind: 'boolean' },
      ...{ status: undefined, isSentWithCreate: true },
    });
    const kindOf = (
      dialect: Parameters<typeof createDialect>[0],
      [active, inactive]: readonly [number, number] | readonly [string, string],
      more: Partial<Definition> = {},
    ): string | undefined =>
      mapped(dialect, {
        onDestroy: { deactivate: { property: 'new_state', active, inactive } },
        ...more,
      })?.deactivation?.property.kind;
    expect(kindOf('dataverse', [3, 4])).toBe('optionSet');
    expect(kindOf('odata4', [3, 4])).toBe('integer');
    expect(kindOf('odata4', ['on', 'off'])).toBe('string');
    expect(kindOf('dataverse', [3, 4], { properties: { new_state: 'integer' } })).toBe('integer');
  });

  it('does not send the state as a field', () => {
    const fields = { isAfloat: field.boolean('new_isafloat') };
    const ship = mapped('odata2', { fields, onDestroy: { deactivate } });
    expect(ship?.byAttribute.get('isAfloat')).toMatchObject({ sent: false });
    expect(ship?.entity.properties).toHaveLength(1);
  });

  it.each(['odata2', 'odata4'] as const)(
    'must be said in full where %s knows no state',
    (dialect) => {
      const plain = (): unknown => mapped(dialect, { onDestroy: 'deactivate' });
      expect(plain).toThrow(MappingError);
      expect(plain).toThrow(/onDestroy: \{ deactivate: \{ property, active, inactive \} \}/);
    },
  );

  it('must tell active records from others, and name the entity where a message does', () => {
    const same = { ...deactivate, inactive: true };
    expect(() => mapped('odata4', { onDestroy: { deactivate: same } })).toThrow(/must differ/);
    const nameless = { onDestroy: 'deactivate', logicalName: undefined } as const;
    expect(() => mapped('dynamics2011', nameless)).toThrow(/logicalName/);
    expect(mapped('dataverse', nameless)?.deactivation).toBeDefined();
  });
});
