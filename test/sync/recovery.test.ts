import { InDoubtError } from '../../src';
import { endSpareApplication, startApplication } from '../crash/start-application';
import { openCrashWorld } from '../crash/crash-world';
import { killAtPoint, type KillPoint, untilArrived } from '../crash/kill-points';
import type { Work } from '../crash/orders';
import { disagreements, endQuarantine, openNotes } from '../crash/oracle';
import {
  begin,
  create,
  destroy,
  kept,
  nothing,
  type Outcome,
  outcomeOf,
  update,
} from '../crash/three-organisations';
import type { DualWorld, Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

interface Case {
  readonly title: string;
  readonly work: Work;
  readonly method: Readonly<Record<Face, string>>;
  readonly committed: Outcome;
  /** When the request itself was carried out, and the transaction did not commit. */
  readonly uncommitted: Outcome;
}

const post = { dynamics2011: 'POST', dataverse: 'PATCH' };
const merge = { dynamics2011: 'MERGE', dataverse: 'PATCH' };
const del = { dynamics2011: 'DELETE', dataverse: 'DELETE' };

const cases: readonly Case[] = [
  {
    title: 'a create',
    work: [create],
    method: post,
    committed: { ...nothing, Made: 7 },
    uncommitted: nothing,
  },
  {
    title: 'an update',
    work: [update],
    method: merge,
    committed: { ...nothing, Kept: 2 },
    uncommitted: nothing,
  },
  {
    title: 'a delete',
    work: [destroy],
    method: del,
    committed: { Kept: 1 },
    uncommitted: { Kept: 1 },
  },
  {
    title: 'a transaction of an update, a create and a delete',
    work: [update, create, destroy],
    method: del,
    committed: { Kept: 2, Made: 7 },
    // What was deleted cannot be brought back: that part is completed.
    uncommitted: { Kept: 1 },
  },
];

afterAll(endSpareApplication);

describe.each(faces)('recovery after a process was killed, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openCrashWorld(face);
  });
  beforeEach(() => begin(world));
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const outcome = (): Promise<Outcome> => outcomeOf(world);
  const kill = (point: KillPoint, { work, method }: Case): Promise<readonly unknown[]> =>
    killAtPoint(point, { world, face, work, method: method[face] });

  /** NOTE: where unanswered creates are repeated, a copy of the request may arrive yet. */
  const expectUndone = async ({ work }: Case): Promise<void> => {
    if (face === 'dataverse' && work.includes(create)) {
      expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1, undone: 0 });
      await endQuarantine(world);
    }
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 0, undone: 1 });
    expect(await disagreements(world)).toEqual([]);
  };

  describe.each(cases)('$title', (subject) => {
    it('noted, and never sent: is in doubt until the quarantine is over', async () => {
      expect(await kill('noted, and never sent', subject)).toEqual([]);
      expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1, undone: 0 });
      expect((await openNotes(world)).intents).toBeGreaterThan(0);
      await endQuarantine(world);
      expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 0, undone: 1 });
      expect(await disagreements(world)).toEqual([]);
      expect(await outcome()).toEqual(nothing);
    });

    it('sent, and not arrived yet: is settled when it has arrived', async () => {
      await kill('sent, and not arrived yet', subject);
      expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1, undone: 0 });
      await untilArrived({ world, face, work: subject.work, method: subject.method[face] });
      await expectUndone(subject);
      expect(await outcome()).toEqual(subject.uncommitted);
    });

    it.each(['carried out, and not answered yet', 'answered, and COMMIT not sent yet'] as const)(
      '%s: is settled at once',
      async (point) => {
        expect(await kill(point, subject)).toEqual([]);
        await expectUndone(subject);
        expect(await outcome()).toEqual(subject.uncommitted);
      },
    );

    it('committed, and the intents not tidied up yet: stands', async () => {
      await kill('committed, and the intents not tidied up yet', subject);
      expect((await openNotes(world)).done).toBeGreaterThan(0);
      expect(await world.dualWrite.recover()).toMatchObject({ committed: 1, undone: 0 });
      expect(await disagreements(world)).toEqual([]);
      expect(await outcome()).toEqual(subject.committed);
    });
  });

  it('leaves nothing noted of a refused update that was sent again, and committed', async () => {
    const { sandbox, models } = world;
    const row = await models.Organisation.findByPk(kept, { rejectOnEmpty: true });
    // Where there are versions, the update is refused, and sent for the record as it is now.
    await sandbox.editAsLegacyUser('account', String(row.legacyId), {
      Telephone1: '020 7946 0000',
    });
    const application = startApplication(world, face, {
      lanes: [[[update]]],
      point: { name: 'COMMIT answered', nth: 1 },
    });
    expect(await application.ended()).toBe(true);
    expect((await openNotes(world)).done).toBeGreaterThan(0);
    await world.dualWrite.recover();
    expect(await openNotes(world)).toEqual({ intents: 0, done: 0 });
    expect(await outcome()).toEqual({ ...nothing, Kept: 2 });
  });

  it('leaves a record that is in doubt alone until it is settled', async () => {
    const { Organisation } = world.models;
    await killAtPoint('noted, and never sent', {
      world,
      face,
      work: [update],
      method: merge[face],
    });
    await world.dualWrite.recover();
    const row = await Organisation.findByPk(kept, { rejectOnEmpty: true });
    await expect(row.update({ employees: 3 })).rejects.toThrow(InDoubtError);
    await expect(row.destroy()).rejects.toThrow(InDoubtError);
    await endQuarantine(world);
    await world.dualWrite.recover();
    await row.update({ employees: 3 });
    await world.dualWrite.recover();
    expect(await disagreements(world)).toEqual([]);
    expect(await outcome()).toEqual({ ...nothing, Kept: 3 });
  });
});
