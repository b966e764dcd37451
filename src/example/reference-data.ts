import { createHash } from 'node:crypto';
import { iso31661 } from 'iso-3166';
import type { LegacyValue } from '../../legacy-client';

/** Records of one entity by the CRM's property names, ready for the sandbox's `load`. */
export interface EntityRecords {
  /** `account` */
  readonly logicalName: string;
  readonly records: readonly Readonly<Record<string, LegacyValue>>[];
}

const enteredOn = new Date('2011-03-01T09:00:00Z');

const sectors = [
  'Advanced Engineering',
  'Aerospace',
  'Agriculture, Horticulture and Fisheries',
  'Automotive',
  'Biotechnology and Pharmaceuticals',
  'Chemicals',
  'Clothing, Footwear and Fashion',
  'Construction',
  'Creative and Media',
  'Education and Training',
  'Electronics and IT Hardware',
  'Environment and Water',
  'Financial Services',
  'Food and Drink',
  'Healthcare and Medical',
  'Household Goods and Furniture',
  'Marine',
  'Power and Renewables',
  'Railways',
  'Software and Computer Services',
] as const;

/**
 * Make the key of a fictional record.
 *
 * @param name - what the record is, e.g. `account/42`.
 * @returns the same GUID on every run, lower case.
 */
export function keyOf(name: string): string {
  const hex = createHash('sha256').update(`sequelize-dual-write/${name}`).digest('hex');
  // 5: made from a name; 8: the usual variant (RFC 9562).
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** All countries of ISO 3166-1. */
export function countryRecords(): EntityRecords {
  const records = iso31661.map(({ name, alpha2, alpha3 }) => ({
    optevia_countryId: keyOf(`country/${alpha2}`),
    optevia_name: name,
    optevia_IsoCode: alpha2,
    optevia_IsoCode3: alpha3,
    CreatedOn: enteredOn,
    ModifiedOn: enteredOn,
  }));
  return { logicalName: 'optevia_country', records };
}

/** The sectors of industry that the CRM's users chose from. */
export function sectorRecords(): EntityRecords {
  const records = sectors.map((name) => ({
    optevia_sectorId: keyOf(`sector/${name}`),
    optevia_name: name,
    CreatedOn: enteredOn,
    ModifiedOn: enteredOn,
  }));
  return { logicalName: 'optevia_sector', records };
}
