import type { LegacyValue } from '../../../../legacy-client';
import type { Given } from '../generate/values';
import { columnOf, entities, entityOf, type ModelName } from '../oracle/facts';
import { keysNow, type Stage } from '../stage';

type Keys = ReturnType<typeof keysNow>;

/** What the CRM's own users do; the library hears nothing of it. */
export type EditCommand =
  | {
      readonly do: 'edit';
      readonly model: ModelName;
      readonly ref: number;
      readonly changes: Readonly<Record<string, Given>>;
    }
  | {
      readonly do: 'crmCreate';
      readonly model: ModelName;
      readonly values: Readonly<Record<string, Given>>;
      /** Under the key of a record that was deleted, if there is one. */
      readonly again: boolean;
    }
  | { readonly do: 'crmDelete'; readonly model: ModelName; readonly ref: number };

/** The name of a record's key among those of its model, the same in every run. */
export function keyNumber(model: ModelName, number: number): string {
  const digits = String(number).padStart(12, '0');
  const letter = entities.findIndex(({ name }) => name === model).toString(16);
  // The first digits run against the number, so that keys are not in the order of creation.
  return `${String((number * 7919) % 10_000).padStart(4, '0')}0000-0000-4000-8${letter}00-${digits}`;
}

function legacyValue(keys: Keys, model: ModelName, attribute: string, given: Given): LegacyValue {
  const { kind, target, names } = columnOf(model, attribute);
  if (given !== null && typeof given === 'object' && !(given instanceof Date)) {
    return keys.legacyId(target ?? model, given.ref);
  }
  if (kind === 'code' && typeof given === 'string') return (names?.indexOf(given) ?? 0) + 1;
  return given;
}

/** The values of a record in the CRM's terms. */
export function legacyValues(
  keys: Keys,
  model: ModelName,
  given: Readonly<Record<string, Given>>,
): Record<string, LegacyValue> {
  return Object.fromEntries(
    Object.entries(given).map(([attribute, value]) => [
      columnOf(model, attribute).property,
      legacyValue(keys, model, attribute, value),
    ]),
  );
}

function freeKey({ history }: Stage, model: ModelName, again: boolean): string {
  const all = history.keys(model);
  const there = history.at(history.now).get(model);
  const gone = again ? all.find((key) => there?.has(key) !== true) : undefined;
  return gone ?? keyNumber(model, all.length + 1);
}

/** Do what a CRM user does; what the CRM refuses is not done. */
export async function edit(stage: Stage, command: EditCommand): Promise<void> {
  const { sandbox } = stage.world;
  const keys = keysNow(stage);
  const { logicalName, key } = entityOf(command.model);
  stage.tally.edits += 1;
  const act = async (): Promise<unknown> => {
    if (command.do === 'crmDelete') {
      return sandbox.deleteAsLegacyUser(logicalName, keys.legacyId(command.model, command.ref));
    }
    if (command.do === 'edit') {
      const changes = legacyValues(keys, command.model, command.changes);
      const record = keys.legacyId(command.model, command.ref);
      return sandbox.editAsLegacyUser(logicalName, record, changes);
    }
    const values = legacyValues(keys, command.model, command.values);
    const own = freeKey(stage, command.model, command.again);
    return sandbox.createAsLegacyUser(logicalName, { ...values, [key]: own });
  };
  await act().catch((error: unknown) => {
    if (!(error instanceof Error) || error.name !== 'CrmError') throw error;
  });
}
