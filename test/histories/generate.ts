import fc from 'fast-check';
import type {
  CallPlan,
  Command,
  FaultPlan,
  Fields,
  History,
  StepPlan,
  WritePlan,
} from './commands';
import type { Mishaps } from './orders';
import type { ModelName } from './state';

const model: fc.Arbitrary<ModelName> = fc.constantFrom('Organisation' as const, 'Contact' as const);
const ref = fc.nat({ max: 7 });
const refs = fc.tuple(ref, ref);
const link = fc.option(ref, { freq: 3 });

const fields: fc.Arbitrary<Fields> = fc
  .record({
    texts: fc.tuple(fc.boolean(), fc.boolean()),
    number: fc.boolean(),
    link: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: link },
    ),
  })
  .map((one) =>
    one.texts[0] || one.texts[1] || one.link !== undefined ? one : { ...one, texts: [true, false] },
  );

const write: fc.Arbitrary<WritePlan> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      how: fc.constantFrom('create', 'bulkCreate', 'findOrCreate', 'upsert'),
      model,
      link,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      how: fc.constantFrom('save', 'stale save', 'static', 'upsert', 'setter'),
      model,
      refs,
      fields,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      how: fc.constantFrom('instance', 'static'),
      refs,
      by: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('destroy' as const),
      how: fc.constantFrom('instance', 'static'),
      model,
      refs,
    }),
  },
);

function step(depth: number): fc.Arbitrary<StepPlan> {
  const read = fc.record({ do: fc.constant('read' as const), model });
  const simple = [
    { weight: 6, arbitrary: write as fc.Arbitrary<StepPlan> },
    { weight: 1, arbitrary: read },
  ];
  if (depth === 0) return fc.oneof(...simple);
  const savepoint = fc.record({
    do: fc.constant('savepoint' as const),
    steps: fc.array(step(depth - 1), { minLength: 1, maxLength: 2 }),
    end: fc.constantFrom('release' as const, 'release' as const, 'rollback' as const),
  });
  return fc.oneof(...simple, { weight: 2, arbitrary: savepoint });
}

const call: fc.Arbitrary<CallPlan> = fc.oneof(
  { weight: 1, arbitrary: write },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('transaction' as const),
      steps: fc.array(step(2), { minLength: 1, maxLength: 4 }),
      end: fc.constantFrom(
        'commit' as const,
        'commit' as const,
        'commit' as const,
        'rollback' as const,
      ),
    }),
  },
);

const faultPlan: fc.Arbitrary<FaultPlan> = fc.record({
  kind: fc.oneof(
    {
      weight: 12,
      arbitrary: fc.constantFrom<FaultPlan['kind']>(
        ...(['lost', 'truncated', 'failed after', 'refused', 'unavailable', 'dropped'] as const),
        ...(['dropped after', 'login page', 'unauthorized', 'throttled'] as const),
      ),
    },
    // It costs seconds.
    { weight: 1, arbitrary: fc.constant<FaultPlan['kind']>('late') },
  ),
  method: fc.constantFrom('create', 'update', 'update', 'DELETE', 'GET'),
  times: fc.integer({ min: 1, max: 3 }),
});
const fault = fc.option(faultPlan, { freq: 2, nil: undefined });

/** Short calls have few of them. */
const exchange = (most: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: Math.ceil(most / 4) }),
    fc.integer({ min: 1, max: most }),
  );

const hours = fc.integer({ min: -30, max: 30 });
const mishaps = (
  most: number,
  killFrequency: number,
): { [Key in keyof Mishaps]: fc.Arbitrary<Mishaps[Key]> } => ({
  killAt: fc.oneof(
    { weight: 10 - killFrequency, arbitrary: fc.constant(0) },
    { weight: killFrequency, arbitrary: exchange(most) },
  ),
  killsAfterCommit: fc.nat({ max: 3 }).map((chosen) => chosen === 1),
  jumpAt: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: exchange(most) },
  ),
  jumpMs: hours.map((count) => count * 3_600_000),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({ do: fc.constant('call' as const), call, fault, ...mishaps(260, 4) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      how: fc.constantFrom('all', 'named', 'count', 'each', 'included'),
      model,
      refs,
      fault: fc.option(
        faultPlan.map((plan) => ({ ...plan, method: 'GET' as const })),
        { freq: 4, nil: undefined },
      ),
      ...mishaps(60, 1),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant('edit' as const), model, ref, fields }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('crm create' as const), model, link }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('crm delete' as const), model, ref }) },
    ),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('recover' as const),
      who: fc.constantFrom('application' as const, 'operator' as const),
      fault,
      ...mishaps(80, 3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set clock' as const), hours }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set crm clock' as const), hours }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
);

/** A history of so many commands at most. */
export function history(maxCommands: number): fc.Arbitrary<History> {
  return fc.record({
    organisations: fc.nat({ max: 4 }),
    contacts: fc.nat({ max: 3 }),
    isLoaded: fc.boolean(),
    recoverEveryMs: fc.constantFrom(0, 0, 150),
    isFollowing: fc.boolean(),
    isWaiting: fc.boolean(),
    commands: fc.array(command, { minLength: 1, maxLength: maxCommands, size: 'max' }),
  });
}
