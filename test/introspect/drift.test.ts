import { readCsdl } from '../../legacy-client';
import { type Drift, driftOf } from '../../src/introspect';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

describe.each<Face>(['dynamics2011', 'dataverse'])(
  'mappings against the metadata of %s',
  (face) => {
    let world: DualWorld;

    beforeAll(async () => {
      world = await openDualWorld({ face });
    });

    afterAll(() => world.close());

    async function drift(
      change: (xml: string) => string = (xml) => xml,
      dialect: Parameters<typeof driftOf>[2] = world.client.dialect,
    ): Promise<Drift[]> {
      const root = face === 'dataverse' ? world.sandbox.urlDataverse : world.sandbox.url2011;
      const answer = await fetch(`${root}/$metadata`);
      const metadata = readCsdl(change(await answer.text()));
      return driftOf(world.dualWrite.mappings, metadata, dialect);
    }

    const broken = (all: readonly Drift[]): string[] =>
      all
        .filter(({ severity }) => severity === 'broken')
        .map(({ model, property = '', what }) => `${model} ${property}: ${what}`);

    it('fit, and the client reads the same', async () => {
      expect(broken(await drift())).toEqual([]);
      const { entities } = await world.client.metadata();
      const set = face === 'dataverse' ? 'accounts' : 'AccountSet';
      expect(entities.map(({ entitySet }) => entitySet)).toContain(set);
    });

    it('name a property that has gone, or has another type', async () => {
      const name = face === 'dataverse' ? 'telephone1' : 'Telephone1';
      expect(broken(await drift((xml) => xml.replace(`"${name}"`, '"new_phone"')))).toEqual([
        `Organisation ${name}: it has gone`,
      ]);
      const changed = (xml: string): string =>
        xml.replace(`"${name}" Type="Edm.String"`, `"${name}" Type="Edm.Int32"`);
      expect(broken(await drift(changed))).toEqual([
        `Organisation ${name}: it is mapped as string, and is Edm.Int32 now`,
      ]);
    });

    it('name a key and a stamp that have another type', async () => {
      const [key, stamp] =
        face === 'dataverse' ? ['accountid', 'modifiedon'] : ['AccountId', 'ModifiedOn'];
      const changed = (xml: string): string =>
        xml
          .replace(`"${key}" Type="Edm.Guid"`, `"${key}" Type="Edm.Int64"`)
          .replace(new RegExp(`"${stamp}" Type="[^"]+"`), `"${stamp}" Type="Edm.String"`);
      expect(broken(await drift(changed))).toEqual([
        `Country ${stamp}: it is taken for a dateTime, and is Edm.String now`,
        `Organisation ${key}: it is taken for a guid, and is Edm.Int64 now`,
      ]);
    });

    it('may be of a service that keeps its keys as texts', async () => {
      const asTexts = (xml: string): string => xml.replaceAll('"Edm.Guid"', '"Edm.String"');
      expect(broken(await drift(asTexts))).not.toEqual([]);
      const { name } = world.client.dialect;
      expect(broken(await drift(asTexts, { name, guidType: 'Edm.String' }))).toEqual([]);
    });

    it('name an entity set that has gone', async () => {
      const set = face === 'dataverse' ? 'optevia_sectors' : 'optevia_sectorSet';
      expect(broken(await drift((xml) => xml.replaceAll(`"${set}"`, '"renamed"')))).toEqual([
        `Sector : the service has no entity set ${set}`,
      ]);
    });

    it('say what is new, and what has grown beyond its column', async () => {
      const name = face === 'dataverse' ? 'accountnumber' : 'AccountNumber';
      const grown = (xml: string): string =>
        xml
          .replace(new RegExp(`("${name}" Type="Edm.String"[^>]*MaxLength=)"20"`), '$1"40"')
          .replace(`<Property Name="${name}"`, `<Property Name="new_extra" Type="Edm.Boolean"/>$&`);
      const notes = (await drift(grown)).filter(({ model }) => model === 'Organisation');
      expect(notes).toContainEqual({
        model: 'Organisation',
        property: 'new_extra',
        severity: 'note',
        what: 'it is not mapped',
      });
      if (face === 'dataverse') {
        expect(notes).toContainEqual({
          model: 'Organisation',
          property: name,
          severity: 'note',
          what: 'it has up to 40 characters, the column 20',
        });
      }
    });
  },
);
