import { readCsdl } from '../../legacy-client';
import { dataverseMetadata, dynamics2011Metadata, genericMetadata } from './documents';

describe('a $metadata document', () => {
  it('of Dynamics 2011: sets, keys, complex types', () => {
    const { version, entities } = readCsdl(dynamics2011Metadata);
    expect(version).toBe(2);
    expect(entities.map(({ name, entitySet, key }) => [name, entitySet, key.length])).toEqual([
      ['Account', 'AccountSet', 1],
      ['optevia_sector', 'optevia_sectorSet', 1],
      ['ListMember', 'ListMemberSet', 2],
    ]);
    const [account] = entities;
    expect(account?.properties.find(({ name }) => name === 'Revenue')).toMatchObject({
      type: 'Money',
      isCollection: false,
      nullable: false,
    });
    expect(account?.lookups).toEqual([
      { navigation: 'account_parent_account', target: 'Account', property: undefined },
    ]);
  });

  it('of Dataverse: aliases, base types, constraints, lengths', () => {
    const { version, entities } = readCsdl(dataverseMetadata);
    expect(version).toBe(4);
    expect(entities.map(({ name }) => name)).toEqual(['account', 'contact']);
    const [account] = entities;
    expect(account?.key).toEqual(['accountid']);
    expect(account?.properties.find(({ name }) => name === 'revenue')).toMatchObject({
      precision: 19,
      scale: 4,
    });
    expect(
      account?.properties.find(({ name }) => name === 'description')?.maxLength,
    ).toBeUndefined();
    expect(account?.lookups).toContainEqual({
      navigation: 'primarycontactid',
      target: 'contact',
      property: '_primarycontactid_value',
    });
    expect(account?.lookups.map(({ navigation }) => navigation)).not.toContain(
      'contact_customer_accounts',
    );
  });

  it('of version 3, with schemas apart: lookups by the constraints of associations', () => {
    const { version, entities } = readCsdl(genericMetadata);
    expect(version).toBe(3);
    const lookups = entities.flatMap(({ name, lookups: all }) =>
      all.map(({ property, target }) => `${name}.${String(property)} to ${target}`),
    );
    expect(lookups).toEqual([
      'Part.MakerId to Maker',
      'Part.SparePartOfId to Part',
      'Maker.Best_PartId to Part',
    ]);
  });

  it('of any version: many-to-many relationships, by both of their ends', () => {
    const found = [dataverseMetadata, genericMetadata].map((document) =>
      readCsdl(document).entities.map(({ manyToMany }) => manyToMany),
    );
    expect(found).toEqual([
      [
        [{ navigation: 'account_contacts_association', target: 'contact' }],
        [{ navigation: 'contact_accounts_association', target: 'account' }],
      ],
      [[], [{ navigation: 'Repairs', target: 'Part' }], []],
    ]);
  });

  it('inherits properties and key, also in a circle that nobody may write', () => {
    const circle = dataverseMetadata
      .replace('<EntityType Name="crmbaseentity" Abstract="true"/>', '')
      .replace(
        '<EntityType Name="expando"',
        '<EntityType Name="crmbaseentity" BaseType="mscrm.account"><Property Name="inherited" Type="Edm.Boolean"/></EntityType><EntityType Name="expando"',
      );
    const [account, contact] = readCsdl(circle).entities;
    expect(account?.properties[0]?.name).toBe('inherited');
    expect(contact?.key).toEqual(['contactid', 'accountid']);
  });

  it.each([
    ['cut off', dataverseMetadata.slice(0, 900)],
    ['something else', '<html><body>Sign in</body></html>'],
    ['without a schema', '<Edmx Version="4.0"><DataServices/></Edmx>'],
    ['no XML', '{"value":[]}'],
  ])('that is %s is refused', (_case, text) => {
    expect(() => readCsdl(text)).toThrow(SyntaxError);
  });

  it('with entities that expand without end does not', () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE Edmx [<!ENTITY a "aaaaaaaaaa">${Array.from(
      { length: 12 },
      (_, level) =>
        `<!ENTITY ${String.fromCharCode(98 + level)} "${`&${String.fromCharCode(97 + level)};`.repeat(10)}">`,
    ).join('')}]><Edmx Version="4.0"><DataServices><Schema Namespace="&m;"/></DataServices></Edmx>`;
    const began = performance.now();
    try {
      expect(JSON.stringify(readCsdl(bomb)).length).toBeLessThan(1000);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('of many megabytes is read in a few seconds', () => {
    const property = (number: number): string =>
      `<Property Name="new_attribute${number}" Type="Edm.String" MaxLength="100" Unicode="false"/>`;
    const type = (number: number): string =>
      `<EntityType Name="new_entity${number}"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Guid"/>${Array.from({ length: 140 }, (_, one) => property(one)).join('')}</EntityType>`;
    const count = 900;
    const document = `<Edmx Version="4.0"><DataServices><Schema Namespace="n">${Array.from(
      { length: count },
      (_, number) => type(number),
    ).join('')}<EntityContainer Name="c">${Array.from(
      { length: count },
      (_, number) => `<EntitySet Name="set${number}" EntityType="n.new_entity${number}"/>`,
    ).join('')}</EntityContainer></Schema></DataServices></Edmx>`;
    expect(document.length).toBeGreaterThan(10_000_000);
    expect(readCsdl(document).entities).toHaveLength(count);
  });

  it('with several sets of one type has an entity for each', () => {
    const { entities } = readCsdl(
      dataverseMetadata.replace(
        '<EntitySet Name="contacts"',
        '<EntitySet Name="former_accounts" EntityType="mscrm.account"/>$&',
      ),
    );
    const names = entities.map(({ name, entitySet, key }) => [entitySet, name, key]);
    expect(names).toEqual([
      ['accounts', 'account', ['accountid']],
      ['former_accounts', 'former_accounts', ['accountid']],
      ['contacts', 'contact', ['contactid']],
    ]);
  });
});
