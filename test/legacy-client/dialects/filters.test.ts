import { createDialect } from '../../../legacy-client/dialects';
import { UnsendableError } from '../../../legacy-client/dialects/problems';
import type { LegacyFilter } from '../../../legacy-client';
import {
  employees,
  foundedOn,
  guid,
  key,
  name,
  rating,
  revenue,
  sector,
  type,
  verifiedAt,
} from '../entities';

const crm = createDialect('dynamics2011');
const dataverse = createDialect('dataverse');
const odata2 = createDialect('odata2');
const odata4 = createDialect('odata4');

const one: LegacyFilter = { op: 'eq', property: employees, value: 1 };
const two: LegacyFilter = { op: 'gt', property: revenue, value: '12.50' };
const three: LegacyFilter = { op: 'eq', property: sector, value: guid(3) };

test('lookups, option sets and money have inner members on Dynamics 2011', () => {
  expect(crm.filter(three)).toBe(`optevia_Sector/Id eq guid'${guid(3)}'`);
  expect(crm.filter(two)).toBe('Revenue/Value gt 12.50M');
  expect(crm.filter({ op: 'ne', property: type, value: null })).toBe(
    'CustomerTypeCode/Value ne null',
  );
  expect(crm.filter({ op: 'le', property: rating, value: '0.5' })).toBe('optevia_Rating le 0.5M');
  expect(crm.path(sector)).toBe('optevia_Sector/Id');
});

test('a lookup is _name_value on Dataverse, and plain on other servers', () => {
  expect(dataverse.filter(three)).toBe(`_optevia_sector_value eq ${guid(3)}`);
  expect(odata4.filter(three)).toBe(`optevia_Sector eq ${guid(3)}`);
  expect(odata2.filter(three)).toBe(`optevia_Sector eq guid'${guid(3)}'`);
  expect(odata2.filter(two)).toBe('Revenue gt 12.50M');
  expect(odata4.filter(two)).toBe('Revenue gt 12.50');
});

test('parentheses stand where precedence could be mistaken', () => {
  const filter: LegacyFilter = {
    op: 'and',
    filters: [one, { op: 'or', filters: [two, { op: 'not', filter: three }] }],
  };
  expect(odata4.filter(filter)).toBe(
    `NumberOfEmployees eq 1 and (Revenue gt 12.50 or not (optevia_Sector eq ${guid(3)}))`,
  );
});

test('string functions are spelled as each version has them', () => {
  const contains: LegacyFilter = { op: 'contains', property: name, value: "O'B" };
  expect(crm.filter(contains)).toBe("substringof('O''B',Name)");
  expect(odata2.filter(contains)).toBe("substringof('O''B',Name)");
  expect(odata4.filter(contains)).toBe("contains(Name,'O''B')");
  expect(crm.filter({ ...contains, op: 'startsWith' })).toBe("startswith(Name,'O''B')");
  expect(dataverse.filter({ ...contains, op: 'endsWith' })).toBe("endswith(Name,'O''B')");
  expect(() => crm.filter({ ...contains, property: employees })).toThrow(UnsendableError);
});

test('in is or, except where Dataverse has its function', () => {
  const keys: LegacyFilter = { op: 'in', property: key, values: [guid(1), guid(2), guid(1)] };
  const byKey = `AccountId eq guid'${guid(1)}' or AccountId eq guid'${guid(2)}'`;
  expect(crm.filter(keys)).toBe(byKey);
  expect(crm.filter({ op: 'and', filters: [keys, one] })).toBe(
    `(${byKey}) and NumberOfEmployees eq 1`,
  );
  expect(odata4.filter(keys)).toBe(`AccountId eq ${guid(1)} or AccountId eq ${guid(2)}`);
  expect(dataverse.filter(keys)).toBe(
    `Microsoft.Dynamics.CRM.In(PropertyName='AccountId',PropertyValues=["${guid(1)}","${guid(2)}"])`,
  );
  expect(dataverse.filter({ op: 'in', property: name, values: ['a"b', null, 'c\\d'] })).toBe(
    `Microsoft.Dynamics.CRM.In(PropertyName='Name',PropertyValues=["a\\"b","c\\\\d"]) or Name eq null`,
  );
  expect(dataverse.filter({ op: 'in', property: sector, values: [guid(1), guid(2)] })).toBe(
    `_optevia_sector_value eq ${guid(1)} or _optevia_sector_value eq ${guid(2)}`,
  );
});

test('parts of dates are asked for where the server has functions for them', () => {
  const filter: LegacyFilter = {
    op: 'datePart',
    part: 'year',
    comparison: 'ge',
    property: foundedOn,
    value: 1998,
  };
  expect(odata2.filter(filter)).toBe('year(optevia_FoundedOn) ge 1998');
  expect(odata4.filter(filter)).toBe('year(optevia_FoundedOn) ge 1998');
  expect(crm.dateParts || dataverse.dateParts).toBe(false);
  expect(() => crm.filter(filter)).toThrow(/range of dates/);
  expect(() => dataverse.filter(filter)).toThrow(UnsendableError);
});

test('what can never be true or has no spelling is refused', () => {
  expect(() => crm.filter({ op: 'gt', property: verifiedAt, value: null })).toThrow(/eq or ne/);
  expect(() => crm.filter({ op: 'in', property: key, values: [] })).toThrow(UnsendableError);
  expect(() => crm.filter({ op: 'and', filters: [] })).toThrow(UnsendableError);
  expect(() => crm.filter({ op: 'eq', property: employees, value: 'many' })).toThrow(
    /NumberOfEmployees/,
  );
});

test('texts are compared without case where the server can lower them', () => {
  const filter: LegacyFilter = { op: 'startsWith', property: name, value: 'Abc', ignoreCase: true };
  expect(odata2.filter(filter)).toBe("startswith(tolower(Name),'abc')");
  expect(odata4.filter({ ...filter, op: 'contains' })).toBe("contains(tolower(Name),'abc')");
  expect(() => crm.filter(filter)).toThrow(/without case/);
});

test('wildcards are meant plainly', () => {
  const filter: LegacyFilter = { op: 'contains', property: name, value: '100%_[x]' };
  expect(dataverse.filter(filter)).toBe("contains(Name,'100[%][_][[]x]')");
  expect(odata4.filter(filter)).toBe("contains(Name,'100%_[x]')");
});
