import { dataverse } from './dataverse';
import type { Dialect, DialectCapabilities, DialectName } from './dialect';
import { dynamics2011 } from './dynamics2011';
import { odata2 } from './odata2';
import { odata4 } from './odata4';

const dialects: Record<DialectName, (overrides?: Partial<DialectCapabilities>) => Dialect> = {
  dynamics2011,
  dataverse,
  odata2,
  odata4,
};

/**
 * Make a dialect.
 *
 * @param overrides - what this one server is known to do otherwise.
 * @throws TypeError when there is no dialect of that name.
 */
export function createDialect(
  name: DialectName,
  overrides?: Partial<DialectCapabilities>,
): Dialect {
  if (Object.hasOwn(dialects, name)) return dialects[name](overrides);
  throw new TypeError(
    `There is no dialect '${name}': choose one of ${Object.keys(dialects).join(', ')}`,
  );
}
