import type { LegacyChanges } from '../client';
import type { Dialect, DialectRequest, RequestChoices } from '../dialects/dialect';
import type { LegacyEntity, LegacyRecord } from '../entity';
import type { LegacyLink, LinkedKeys } from '../link';

/** One write, or one change of a link, among those of a {@link LegacyClient.batch}, as the method of that name takes it. */
export type BatchOperation =
  | {
      readonly kind: 'create';
      readonly entity: LegacyEntity;
      readonly values: LegacyChanges;
      readonly key?: string;
    }
  | {
      readonly kind: 'update';
      readonly entity: LegacyEntity;
      readonly key: string;
      readonly changes: LegacyChanges;
      readonly ifMatch?: string;
    }
  | {
      readonly kind: 'delete';
      readonly entity: LegacyEntity;
      readonly key: string;
      readonly ifMatch?: string;
    }
  | ({
      readonly kind: 'associate' | 'disassociate';
      readonly link: LegacyLink;
    } & LinkedKeys);

/** What came of one operation of a batch. */
export interface BatchResult {
  /** The record afterwards, where the answer has it: not every server sends it. */
  readonly record?: LegacyRecord;
  /** The key of a created record, where the answer names it. */
  readonly key?: string;
}

/** Tell whether there is nothing to send. */
export function changesNothing(operation: BatchOperation): boolean {
  return operation.kind === 'update' && Object.keys(operation.changes).length === 0;
}

/** @throws UnsendableError when the dialect cannot spell the operation. */
export function requestOf(
  { dialect, root }: { readonly dialect: Dialect; readonly root: string },
  operation: BatchOperation,
  choices: RequestChoices,
): DialectRequest {
  switch (operation.kind) {
    case 'create': {
      const { entity, values, key } = operation;
      return dialect.create(entity, values, key === undefined ? choices : { ...choices, key });
    }
    case 'update': {
      const { entity, key, changes, ifMatch } = operation;
      const condition = ifMatch === undefined ? {} : { ifMatch };
      return dialect.update(entity, key, changes, { ...choices, ...condition });
    }
    case 'delete':
      return dialect.delete(operation.entity, operation.key, operation.ifMatch);
    case 'associate':
    case 'disassociate':
      return dialect[operation.kind](operation.link, operation, root);
  }
}
