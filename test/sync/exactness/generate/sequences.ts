import fc from 'fast-check';
import { entities, type Entity, type ModelName } from '../oracle/facts';
import { command, type Command } from './groups';
import { values, type Given } from './values';

/** The records that the CRM has at first, by model. */
export type FirstRecords = Readonly<Record<ModelName, readonly Readonly<Record<string, Given>>[]>>;

/** A small CRM, and what happens in it. */
export interface Sequence {
  readonly first: FirstRecords;
  /** Whether the application has read everything before. */
  readonly isLoaded: boolean;
  readonly commands: readonly Command[];
}

const most: Readonly<Record<ModelName, number>> = {
  Country: 3,
  Sector: 3,
  Organisation: 9,
  Contact: 7,
  Interaction: 5,
  Order: 6,
  ContactOrder: 6,
};

function records({ name, columns }: Entity): fc.Arbitrary<Record<string, Given>[]> {
  return fc.array(values(name, columns), { maxLength: most[name] });
}

const first = fc.record(
  Object.fromEntries(entities.map((entity) => [entity.name, records(entity)])),
) as unknown as fc.Arbitrary<FirstRecords>;

/** A sequence of so many commands at most. */
export function sequence(maxCommands: number): fc.Arbitrary<Sequence> {
  return fc.record({
    first,
    isLoaded: fc.boolean(),
    commands: fc.array(command, { minLength: 1, maxLength: maxCommands, size: 'max' }),
  });
}
