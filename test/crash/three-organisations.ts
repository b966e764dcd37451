import type { DualWorld } from '../support/dual-world';
import { clearWorld, type Held, localOrganisations } from './oracle';
import type { Write } from './orders';

const model = 'Organisation';

/** Keys of the organisations: one is kept, one is to be deleted, one to be made. */
export const kept = '00000000-0000-4000-8000-000000000001';
const doomed = '00000000-0000-4000-8000-000000000002';
const made = '00000000-0000-4000-8000-000000000003';

/** A write of each kind, on one of them each. */
export const create: Write = {
  kind: 'create',
  model,
  id: made,
  values: { name: 'Made', employees: 7 },
};
export const update: Write = { kind: 'update', model, id: kept, values: { employees: 2 } };
export const destroy: Write = { kind: 'destroy', model, id: doomed };

/** What the organisations are named, and how many employees they have. */
export type Outcome = Readonly<Record<string, number>>;

/** As they are before the writes. */
export const nothing: Outcome = { Kept: 1, Doomed: 5 };

/** Empty both sides, but for the organisations that are there before the writes. */
export async function begin(world: DualWorld): Promise<void> {
  await clearWorld(world);
  const { Organisation } = world.models;
  await Organisation.create({ id: kept, name: 'Kept', employees: 1 });
  await Organisation.create({ id: doomed, name: 'Doomed', employees: 5 });
}

/** The organisations as they are here. */
export async function outcomeOf(world: DualWorld): Promise<Outcome> {
  const found: readonly Held[] = await localOrganisations(world);
  return Object.fromEntries(found.map(({ name, employees }) => [name, employees])) as Outcome;
}
