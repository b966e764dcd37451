import { DataTypes, Sequelize } from 'sequelize';
import { createDialect } from '../../legacy-client/dialects';
import { defineMigrator, field, LegacyModel, MappingError, type LinkDefinition } from '../../src';
import { buildRegistry, type Mapping } from '../../src/mapping';

class Ship extends LegacyModel {}
class Port extends LegacyModel {}
class ShipPort extends LegacyModel {}
class Berth extends LegacyModel {}

describe('the mapping of a native link', () => {
  const sequelize = new Sequelize('postgres://127.0.0.1/never-connected', { logging: false });
  const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true };

  beforeAll(() => {
    for (const model of [Ship, Port]) model.init({ id, name: DataTypes.TEXT }, { sequelize });
    const key = DataTypes.INTEGER;
    ShipPort.init({ id, shipId: key, portId: key, since: DataTypes.INTEGER }, { sequelize });
  });

  type Definition = Parameters<typeof defineMigrator>[1];
  const ends = {
    shipId: field.lookup('new_shipid', { model: 'Ship' }),
    portId: field.lookup('new_portid', { model: 'Port' }),
  };
  const link: LinkDefinition = { navigation: 'new_ship_port', from: 'shipId', to: 'portId' };
  const mapped = (changes: Partial<Definition>): Mapping | undefined => {
    const name = { fields: { name: field.string('new_name') } };
    return buildRegistry(
      [
        defineMigrator(Ship, { entitySet: 'new_ships', key: 'new_shipid', ...name }),
        defineMigrator(Port, { entitySet: 'new_ports', key: 'new_portid', ...name }),
        defineMigrator(ShipPort, {
          entitySet: 'new_ship_portset',
          key: 'new_ship_portid',
          fields: ends,
          link,
          ...changes,
        }),
      ],
      createDialect('dataverse'),
    ).get('ShipPort');
  };

  it('has plain GUIDs, no stamps unless they are named, and the relationship', () => {
    const { entity, link: found } = mapped({}) ?? {};
    expect(entity?.properties.map(({ name, kind }) => [name, kind])).toEqual([
      ['new_shipid', 'guid'],
      ['new_portid', 'guid'],
    ]);
    expect([entity?.modifiedOn, entity?.createdOn]).toEqual([undefined, undefined]);
    expect(found?.relationship).toEqual({
      from: { entitySet: 'new_ships', logicalName: undefined },
      to: { entitySet: 'new_ports', logicalName: undefined },
      navigation: 'new_ship_port',
    });
    expect(mapped({ modifiedOn: 'versionedon' })?.entity.modifiedOn).toBe('versionedon');
  });

  it('needs a primary key of its own, which Sequelize does not give a through model', () => {
    Berth.init({}, { sequelize });
    Ship.belongsToMany(Port, {
      as: 'berths',
      through: Berth,
      foreignKey: 'shipId',
      otherKey: 'portId',
    });
    const berths = defineMigrator(Berth, {
      entitySet: 'new_berths',
      key: 'new_berthid',
      fields: {},
    });
    const work = (): unknown => buildRegistry([berths], createDialect('dataverse'));
    expect(work).toThrow(MappingError);
    expect(work).toThrow('id: { type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true }');
  });

  it.each<[string, Partial<Definition>]>([
    ['link names harbourId', { link: { ...link, to: 'harbourId' } }],
    ['must be two attributes', { link: { ...link, to: 'shipId' } }],
    [
      'link names since',
      { fields: { ...ends, since: field.integer('x') }, link: { ...link, to: 'since' } },
    ],
    ['so since cannot be mapped', { fields: { ...ends, since: field.integer('new_since') } }],
    ['so versionnumber cannot be mapped', { properties: { versionnumber: 'integer' } }],
    ['never made without new_portid', { neverSend: ['new_portid'] }],
    ['a toLegacy hook', { toLegacy: (values) => values }],
    [
      'which no migrator maps',
      { fields: { ...ends, portId: field.lookup('x', { model: 'Harbour' }) } },
    ],
  ])('is refused when it cannot work: %s', (words, changes) => {
    const work = (): unknown => mapped(changes);
    expect(work).toThrow(MappingError);
    expect(work).toThrow(words);
  });
});
