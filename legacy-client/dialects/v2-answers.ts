import type { LegacyEntity, LegacyRecord } from '../entity';
import type { DecodedPage } from './dialect';
import { MalformedAnswerError } from './problems';
import {
  isWireObject,
  readRecord,
  recordReader,
  type RecordSpelling,
  requireWhole,
  wireObject,
} from './record-reading';

/**
 * Read a list of OData v2.
 *
 * @param body - `{ d: { results: […], __next: '…' } }`, or `{ d: […] }` of older services. Atom
 *   feeds are brought into this shape before (xml/atom.ts).
 */
export function readV2Page(
  spelling: RecordSpelling,
  entity: LegacyEntity,
  body: unknown,
): DecodedPage {
  const d = envelope(body);
  const results = Array.isArray(d) ? d : wireObject(d, 'a list of OData v2').results;
  if (!Array.isArray(results)) {
    throw new MalformedAnswerError(
      `a list was expected at ${entity.entitySet}, something else came`,
    );
  }
  requireWhole(body);
  requireWhole(d);
  const records = results.map(recordReader(spelling, entity));
  const next = isWireObject(d) ? d.__next : undefined;
  return typeof next === 'string' && next !== '' ? { records, next } : { records };
}

/** Read a single record of OData v2: `{ d: {…} }`. */
export function readV2Record(
  spelling: RecordSpelling,
  entity: LegacyEntity,
  { body, etag }: { body: unknown; etag: string | undefined },
): LegacyRecord {
  const versioned: RecordSpelling = {
    ...spelling,
    version: (wire) => spelling.version(wire) ?? etag,
  };
  return readRecord(versioned, entity, envelope(body));
}

function envelope(body: unknown): unknown {
  const { d } = wireObject(body, 'an answer of OData v2');
  if (d === undefined) throw new MalformedAnswerError('the answer has no "d": is this OData v2?');
  return d;
}
