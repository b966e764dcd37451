import type { IncomingHttpHeaders } from 'node:http';
import { CrmError, doesNotExist } from '../crm-error';
import { etagOf } from './dataverse-values';
import type { Row } from '../store/row-list';

/**
 * What an `If-None-Match` header asks for.
 *
 * NOTE: clients are told to send `If-None-Match: null` always, to get past caches; it asks for
 * nothing.
 */
export function ifNoneMatch(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['if-none-match'];
  return value === 'null' ? undefined : value;
}

/**
 * Check a write against its headers.
 *
 * @throws CrmError 412 when the record has another version or, under `If-None-Match: *`, exists;
 * 404 when `If-Match` names a record that is not there.
 */
export function checkPreconditions(
  headers: IncomingHttpHeaders,
  row: Row | undefined,
  record: { readonly logicalName: string; readonly key: string },
): void {
  const wanted = headers['if-match'];
  if (wanted !== undefined && row === undefined) {
    throw doesNotExist(record.logicalName, record.key);
  }
  if (wanted !== undefined && wanted !== '*' && row !== undefined && wanted !== etagOf(row)) {
    throw new CrmError(
      'versionMismatch',
      "The version of the existing record doesn't match the RowVersion property provided.",
    );
  }
  if (ifNoneMatch(headers) === '*' && row !== undefined) {
    throw new CrmError('duplicateRecord', 'A record with matching key values already exists.');
  }
}
