import fc from 'fast-check';
import type { EditCommand } from '../commands/edits';
import type { FaultPlan } from '../commands/faulted';
import type { ReadCommand } from '../commands/perform-read';
import type { WriteCommand } from '../commands/perform-write';
import { editCommand, readCommand } from './commands';
import { writeCommand } from './writes';

/** A call of the application, or an edit in the CRM. */
export type SingleCommand = ReadCommand | EditCommand | WriteCommand;

/** Several at the same time. */
export interface TogetherCommand {
  readonly do: 'together';
  readonly commands: readonly SingleCommand[];
}

/** A call, one of whose requests fails. */
export interface FaultedCommand {
  readonly do: 'faulted';
  readonly fault: FaultPlan;
  readonly command: ReadCommand | WriteCommand;
}

/** One thing that happens in a sequence. */
export type Command = SingleCommand | TogetherCommand | FaultedCommand;

const single: fc.Arbitrary<SingleCommand> = fc.oneof(
  { weight: 5, arbitrary: readCommand },
  { weight: 4, arbitrary: editCommand },
  { weight: 3, arbitrary: writeCommand },
);

const together: fc.Arbitrary<TogetherCommand> = fc.record({
  do: fc.constant('together' as const),
  commands: fc.array(single, { minLength: 2, maxLength: 4 }),
});

const plan: fc.Arbitrary<FaultPlan> = fc.record({
  method: fc.constantFrom('GET' as const, 'create' as const, 'update' as const, 'DELETE' as const),
  kind: fc.constantFrom(
    'refused' as const,
    'forbidden' as const,
    'plugIn' as const,
    'unavailable' as const,
    'page' as const,
    'throttled' as const,
    'dropped' as const,
    'lost' as const,
    'cut' as const,
    'failedAfter' as const,
  ),
});

const faulted: fc.Arbitrary<FaultedCommand> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('faulted' as const),
      fault: plan.map((one) => ({ ...one, method: 'GET' as const })),
      command: readCommand,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('faulted' as const),
      fault: plan,
      command: writeCommand,
    }),
  },
);

/** Whatever can happen. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 20, arbitrary: single },
  { weight: 3, arbitrary: together },
  { weight: 2, arbitrary: faulted },
);
