import type { LegacyEntity, LegacyRecord } from '../entity';
import type { DecodedPage } from './dialect';
import { MalformedAnswerError } from './problems';
import {
  readRecord,
  recordReader,
  type RecordSpelling,
  requireWhole,
  type WireObject,
  wireObject,
} from './record-reading';

/** Read a list of OData v4: `{ value: […], '@odata.nextLink': '…' }`. */
export function readV4Page(
  spelling: RecordSpelling,
  entity: LegacyEntity,
  body: unknown,
): DecodedPage {
  const page = wireObject(body, 'a list of OData v4');
  if (!Array.isArray(page.value)) {
    throw new MalformedAnswerError(
      `a list was expected at ${entity.entitySet}, something else came`,
    );
  }
  requireWhole(page);
  const records = page.value.map(recordReader(spelling, entity));
  const next = control(page, 'nextLink');
  return typeof next === 'string' && next !== '' ? { records, next } : { records };
}

/** Read a single record of OData v4: the body is the record. */
export function readV4Record(
  spelling: RecordSpelling,
  entity: LegacyEntity,
  { body, etag }: { body: unknown; etag: string | undefined },
): LegacyRecord {
  const versioned: RecordSpelling = {
    ...spelling,
    version: (wire) => spelling.version(wire) ?? etag,
  };
  return readRecord(versioned, entity, body);
}

/** The ETag inside a record. */
export function v4Version(record: WireObject): unknown {
  return control(record, 'etag');
}

/** A control member; OData 4.01 may leave `odata.` out. */
function control(wire: WireObject, name: string): unknown {
  return wire[`@odata.${name}`] ?? wire[`@${name}`];
}
