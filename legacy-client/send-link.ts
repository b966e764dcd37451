import type { Calls } from './calls';
import type { CallOptions } from './client';
import type { Dialect } from './dialects/dialect';
import { hasEnded, LegacyConflictError, type LegacyError } from './errors';
import type { AssociateOptions, LegacyLink, LinkedKeys } from './link';

/** What sending links works with. */
export interface LinkParts {
  readonly root: string;
  readonly dialect: Dialect;
  readonly calls: Calls;
}

/** @throws LegacyError */
export async function sendAssociate(
  { root, dialect, calls }: LinkParts,
  { link, keys }: { readonly link: LegacyLink; readonly keys: LinkedKeys },
  { onRepeat, ...options }: AssociateOptions,
): Promise<void> {
  const request = calls.spelled(link.from, 'POST', () =>
    calls.fitting(() => dialect.associate(link, keys, root)),
  );
  const earlier = { mayHaveLinked: false };
  const onUncertainRepeat = (failed: LegacyError): void => {
    earlier.mayHaveLinked = true;
    if (!hasEnded(failed)) onRepeat?.();
  };
  try {
    // A link is there or not, so a second copy of the request does no harm.
    await calls.send(link.from, request, { ...options, repeatable: true, onUncertainRepeat });
  } catch (error) {
    // A lost first try has made the link that the second one ran into.
    if (!earlier.mayHaveLinked || !(error instanceof LegacyConflictError)) throw error;
  }
}

/** @throws LegacyError */
export async function sendDisassociate(
  { root, dialect, calls }: LinkParts,
  { link, keys }: { readonly link: LegacyLink; readonly keys: LinkedKeys },
  options: CallOptions,
): Promise<void> {
  const request = calls.spelled(link.from, 'DELETE', () =>
    calls.fitting(() => dialect.disassociate(link, keys, root)),
  );
  await calls.send(link.from, request, { ...options, repeatable: false });
}
