import { openCrashWorld } from '../crash/crash-world';
import { killAtPoint, type Attempt, type KillPoint, untilArrived } from '../crash/kill-points';
import { disagreements, endQuarantine, openNotes } from '../crash/oracle';
import type { Work } from '../crash/orders';
import { endSpareApplication } from '../crash/start-application';
import {
  begin,
  create,
  destroy,
  nothing,
  type Outcome,
  outcomeOf,
  update,
} from '../crash/three-organisations';
import type { DualWorld } from '../support/dual-world';

interface Case {
  readonly title: string;
  readonly work: Work;
  readonly committed: Outcome;
  /** When the changeset was carried out, and the transaction did not commit. */
  readonly uncommitted: Outcome;
}

const cases: readonly Case[] = [
  {
    title: 'an update and a create',
    work: [update, create],
    committed: { Kept: 2, Doomed: 5, Made: 7 },
    uncommitted: nothing,
  },
  {
    title: 'an update, a create and a delete',
    work: [update, create, destroy],
    committed: { Kept: 2, Made: 7 },
    // What was deleted cannot be brought back: that part is completed.
    uncommitted: { Kept: 1 },
  },
];

afterAll(endSpareApplication);

describe.each(cases)("a process killed with writes: 'changeset': $title", (subject) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openCrashWorld('dataverse');
  });
  beforeEach(() => begin(world));
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const outcome = (): Promise<Outcome> => outcomeOf(world);
  const attempt = (): Attempt => ({
    ...{ world, face: 'dataverse', work: subject.work, method: 'BATCH' },
    chosen: { writes: 'changeset' },
  });
  const kill = (point: KillPoint): Promise<readonly unknown[]> => killAtPoint(point, attempt());
  /** NOTE: recovery does not know that the create was sent once, and expects a copy until the end. */
  const expectUndone = async (): Promise<void> => {
    await world.dualWrite.recover();
    expect(await outcome()).toEqual(subject.uncommitted);
    await endQuarantine(world);
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 0, undone: 1 });
    expect(await disagreements(world)).toEqual([]);
    expect(await outcome()).toEqual(subject.uncommitted);
  };

  it('noted, and never sent: is in doubt until the quarantine is over', async () => {
    expect(await kill('noted, and never sent')).toEqual([]);
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1, undone: 0 });
    expect((await openNotes(world)).intents).toBe(subject.work.length);
    await endQuarantine(world);
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 0, undone: 1 });
    expect(await disagreements(world)).toEqual([]);
    expect(await outcome()).toEqual(nothing);
  });

  it('sent, and not arrived yet: is settled when it has arrived', async () => {
    await kill('sent, and not arrived yet');
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1, undone: 0 });
    await untilArrived(attempt());
    await expectUndone();
  });

  it.each(['carried out, and not answered yet', 'answered, and COMMIT not sent yet'] as const)(
    '%s: is settled at once',
    async (point) => {
      expect(await kill(point)).toEqual([]);
      await expectUndone();
    },
  );

  it('committed, and the intents not tidied up yet: stands', async () => {
    await kill('committed, and the intents not tidied up yet');
    expect((await openNotes(world)).done).toBeGreaterThan(0);
    expect(await world.dualWrite.recover()).toMatchObject({ committed: 1, undone: 0 });
    expect(await disagreements(world)).toEqual([]);
    expect(await outcome()).toEqual(subject.committed);
  });
});
