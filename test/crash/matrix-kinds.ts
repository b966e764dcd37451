import type { Face } from '../support/dual-world';
import type { Round } from './round';
import type { Work } from './orders';
import { randomUuid } from './random';

/** Records that a case may be about; they are there before it begins. */
export interface Fixture {
  /** An organisation to which others refer. */
  readonly hub: string;
  /** The sectors that it is linked with, and is not. */
  readonly linked: number;
  readonly unlinked: number;
  readonly organisation: string;
  readonly contact: string;
  readonly errand: string;
  /** A soft-deleted errand. */
  readonly goneErrand: string;
  /** Makes a key of a new record. */
  readonly newId: () => string;
}

interface NewOrganisation {
  readonly id: string;
  readonly values: { readonly name: string; readonly employees: number };
}

const organisation = (id: string, employees = 7): NewOrganisation => ({
  id,
  values: { name: `Example ${id}`, employees },
});

/** Every kind of write, as one call. */
export const writeKinds = {
  create: ({ newId }) => [{ kind: 'create', model: 'Organisation', ...organisation(newId()) }],
  update: ({ hub }) => [
    { kind: 'update', model: 'Organisation', id: hub, values: { employees: 4711 } },
  ],
  destroy: ({ contact: id }) => [{ kind: 'destroy', model: 'Contact', id }],
  'soft delete': ({ errand: id }) => [{ kind: 'destroy', model: 'Errand', id }],
  restore: ({ goneErrand: id }) => [{ kind: 'restore', model: 'Errand', id }],
  increment: ({ hub }) => [{ kind: 'increment', ids: [hub], by: 3 }],
  'static increment': ({ hub, organisation: other }) => [
    { kind: 'increment', ids: [hub, other], by: 3 },
  ],
  bulkCreate: ({ newId }) => [
    {
      kind: 'bulkCreate',
      model: 'Organisation',
      rows: [organisation(newId()), organisation(newId())],
    },
  ],
  'bulkCreate with updateOnDuplicate': ({ newId, organisation: met }) => [
    {
      kind: 'bulkCreate',
      model: 'Organisation',
      rows: [organisation(newId()), organisation(met, 4711)],
      overwrite: ['employees'],
    },
  ],
  'static update': ({ hub, organisation: other }) => [
    { kind: 'updateWhere', model: 'Organisation', ids: [hub, other], values: { employees: 4711 } },
  ],
  'static destroy': ({ contact, organisation: id }) => [
    { kind: 'destroyWhere', model: 'Contact', ids: [contact] },
    { kind: 'destroyWhere', model: 'Organisation', ids: [id] },
  ],
  upsert: ({ organisation: id }) => [
    { kind: 'upsert', model: 'Organisation', ...organisation(id, 4711) },
  ],
  findOrCreate: ({ newId }) => {
    const id = newId();
    const { values } = organisation(id);
    return [{ kind: 'findOrCreate', id, values: { ...values, accountNumber: id.slice(0, 18) } }];
  },
  link: ({ hub: id, unlinked }) => [{ kind: 'link', id, sectors: [unlinked] }],
  unlink: ({ hub: id, linked }) => [{ kind: 'unlink', id, sectors: [linked] }],
  'create with include': ({ newId }) => {
    const child = newId();
    return [
      {
        kind: 'family',
        ...organisation(newId()),
        contacts: [{ id: child, values: { lastName: child } }],
      },
    ];
  },
  'transaction with savepoints': ({ newId, hub, contact, errand }) => [
    { kind: 'update', model: 'Organisation', id: hub, values: { employees: 4711 } },
    {
      kind: 'savepoint',
      steps: [{ kind: 'create', model: 'Organisation', ...organisation(newId()) }],
      isRolledBack: true,
    },
    {
      kind: 'savepoint',
      steps: [{ kind: 'update', model: 'Errand', id: errand, values: { notes: 'Kept' } }],
      isRolledBack: false,
    },
    { kind: 'destroy', model: 'Contact', id: contact },
  ],
} satisfies Readonly<Record<string, (fixture: Fixture) => Work>>;

/** The name of a kind of write. */
export type WriteKind = keyof typeof writeKinds;

const createKinds: readonly WriteKind[] = [
  'create',
  'restore',
  'bulkCreate',
  'bulkCreate with updateOnDuplicate',
  'findOrCreate',
  'create with include',
];

/** The method of the first request that a kind of write sends, as the sandbox's journal has it. */
export function methodOf(face: Face, kind: WriteKind): string {
  if (kind === 'link') return 'POST';
  const deletes: readonly WriteKind[] = ['destroy', 'soft delete', 'static destroy', 'unlink'];
  if (deletes.includes(kind)) return 'DELETE';
  if (face === 'dataverse') return 'PATCH';
  return createKinds.includes(kind) ? 'POST' : 'MERGE';
}

/** Make what a case may be about, in the first lane of a round. */
export async function makeFixture({ world, random, lanes, owners }: Round): Promise<Fixture> {
  const [lane] = lanes;
  if (!lane) throw new Error('A round has lanes.');
  const newId = (): string => {
    const id = randomUuid(random);
    owners.set(id, 0);
    return id;
  };
  const { Organisation, Contact, Errand } = world.crashModels;
  const plain = organisation(newId());
  const made = await Organisation.create({ id: plain.id, ...plain.values });
  const contact = await Contact.create({ id: newId(), lastName: 'Example' });
  const errands = await Errand.bulkCreate([
    { id: newId(), subject: 'To be done', notes: 'Soon' },
    { id: newId(), subject: 'Done', notes: 'Long ago' },
  ]);
  await errands[1]?.destroy();
  const { hub, sectors } = lane;
  const row = await Organisation.findByPk(hub, { rejectOnEmpty: true });
  const accessors = row as unknown as Record<string, (value: unknown) => Promise<unknown>>;
  await accessors.setFurtherSectors?.call(row, [sectors[0]]);
  return {
    hub,
    linked: sectors[0] ?? 0,
    unlinked: sectors[1] ?? 0,
    organisation: made.id,
    contact: contact.id,
    errand: errands[0]?.id ?? '',
    goneErrand: errands[1]?.id ?? '',
    newId,
  };
}
