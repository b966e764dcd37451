import { bothSides } from './both-sides';
import { crashOf, ordersOf, type Round, settle } from './round';
import { type DatabaseFault, databaseFaults, type FaultyDatabase } from './database-faults';
import { judgeCrash } from './judge';
import { makeFixture, methodOf, type WriteKind, writeKinds } from './matrix-kinds';
import { type PointName, pointNames } from './named-point';
import { type FaultName, faultNames, setFault } from './sandbox-faults';
import { startApplication } from './start-application';
import { count, countEnd, tallyCalls } from './tally';

/** Where the process is killed: in its work, or in the recovery after a kill in its work. */
export type CasePoint = PointName | `recovery: ${PointName}`;

/** What is crossed. */
export interface MatrixCase {
  readonly kind: WriteKind;
  readonly point: CasePoint;
  readonly outcome: 'ok' | 'the caller rolls back' | FaultName | DatabaseFault;
}

const recoveryPoints: readonly PointName[] = [
  'before the undo',
  'undo sent',
  'undo answered',
  'before the intents end',
  'intents ended',
];

/** Every point at which a process is killed. */
export const casePoints: readonly CasePoint[] = [
  ...pointNames,
  ...recoveryPoints.map((name): CasePoint => `recovery: ${name}`),
];

/** Every outcome that the two servers may have for a write. */
export const caseOutcomes: readonly MatrixCase['outcome'][] = [
  'ok',
  'the caller rolls back',
  ...faultNames,
  ...databaseFaults,
];

/** All cases. */
export function allCases(): MatrixCase[] {
  const kinds = Object.keys(writeKinds) as WriteKind[];
  return kinds.flatMap((kind) =>
    casePoints.flatMap((point) => caseOutcomes.map((outcome) => ({ kind, point, outcome }))),
  );
}

const isDatabaseFault = (outcome: MatrixCase['outcome']): outcome is DatabaseFault =>
  (databaseFaults as readonly string[]).includes(outcome);

const isLegacyFault = (outcome: MatrixCase['outcome']): outcome is FaultName =>
  (faultNames as readonly string[]).includes(outcome);

/**
 * Kill a process at a named moment of one call, with one outcome of its servers, recover and compare.
 *
 * @returns what is wrong: nothing when everything is as it must be.
 */
export async function tryCase(
  round: Round,
  database: FaultyDatabase,
  { kind, point, outcome }: MatrixCase,
): Promise<string[]> {
  const { world, tally } = round;
  const fixture = await makeFixture(round);
  round.state = (await bothSides(world)).state;
  const work = writeKinds[kind](fixture);
  const crash = crashOf(round, [[work]]);
  await world.sandbox.clearJournal();
  if (isDatabaseFault(outcome)) await database.prepare(outcome);
  else if (isLegacyFault(outcome)) await setFault(world, outcome, methodOf(world.face, kind));
  const [inRecovery, inWork] = pointsOf(point);
  const application = startApplication(world, world.face, {
    databaseUrl: database.url,
    ...ordersOf(round),
    lanes: [[work]],
    isRolledBack: outcome === 'the caller rolls back',
    isSerializable: outcome.startsWith('serialization failure'),
    point: { name: inWork, nth: 1 },
  });
  countEnd(tally, await application.ended(), 'work');
  if (outcome !== 'ok') count(tally.faults, outcome);
  await database.repair();
  tallyCalls(tally, crash.lanes, application.reports);
  if (inRecovery) await killRecoveryAt(round, inRecovery);
  await settle(world);
  return judgeCrash(round, crash, application.reports);
}

async function killRecoveryAt(round: Round, name: PointName): Promise<void> {
  const { world, tally } = round;
  const recovering = startApplication(world, world.face, {
    ...ordersOf(round),
    recoveries: 2,
    point: { name, nth: 1 },
  });
  countEnd(tally, await recovering.ended(), 'recovery');
}

/** A recovery has something to take back when the process was killed before COMMIT. */
function pointsOf(point: CasePoint): [PointName | undefined, PointName] {
  const inRecovery = recoveryPoints.find((name) => point === `recovery: ${name}`);
  return inRecovery ? [inRecovery, 'before COMMIT'] : [undefined, point as PointName];
}
