import { type EdmType, type EdmValue, Ticks } from './edm';
import type { EntitySetType } from './schema';
import type { Stored } from './store';
import { columns, etagOf } from './v2-format';
import type { Addressing, WireFormat } from './wire-format';

const NAMESPACES =
  'xmlns="http://www.w3.org/2005/Atom" ' +
  'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" ' +
  'xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"';

/** Atom of OData 2.0. Source: OData 2.0, Atom Format. */
export const atom: WireFormat = {
  contentType: 'application/atom+xml;charset=utf-8',
  one: (addressing, set, stored) =>
    `<?xml version="1.0" encoding="utf-8"?>${entry(addressing, set, { stored, isRoot: true })}`,
  list: (addressing, set, { page, next }) => {
    const entries = page.records.map((stored) =>
      entry(addressing, set, { stored, select: page.select }),
    );
    const link = next === undefined ? '' : `<link rel="next" href="${escaped(next)}"/>`;
    return (
      `<?xml version="1.0" encoding="utf-8"?><feed xml:base="${addressing.root}/" ${NAMESPACES}>` +
      `<title type="text">${set.name}</title>${entries.join('')}${link}</feed>`
    );
  },
  error: (status, message) =>
    `<?xml version="1.0" encoding="utf-8"?><error xmlns="http://schemas.microsoft.com/ado/2007/08/` +
    `dataservices/metadata"><code>REF/${status}</code>` +
    `<message xml:lang="en">${escaped(message)}</message></error>`,
};

function entry(
  { root, variation }: Addressing,
  set: EntitySetType,
  one: { stored: Stored; select?: readonly string[] | undefined; isRoot?: boolean },
): string {
  const { stored, select, isRoot = false } = one;
  const etag = variation.etags === 'none' ? '' : ` m:etag="${escaped(etagOf(stored))}"`;
  const spaces = isRoot ? ` xml:base="${root}/" ${NAMESPACES}` : '';
  const members = columns(set, select).map(([name, type]) =>
    member(name, type, stored.row[name] ?? null),
  );
  return (
    `<entry${spaces}${etag}><id>${root}/${set.name}(guid'${String(stored.row[set.key])}')</id>` +
    `<title/><updated>2026-11-21T00:00:00Z</updated><content type="application/xml">` +
    `<m:properties>${members.join('')}</m:properties></content></entry>`
  );
}

function member(name: string, type: EdmType, value: EdmValue): string {
  const typed = type === 'Edm.String' ? '' : ` m:type="${type}"`;
  if (value === null) return `<d:${name}${typed} m:null="true"/>`;
  const text =
    value instanceof Ticks
      ? `${value.iso(7)}${type === 'Edm.DateTimeOffset' ? 'Z' : ''}`
      : String(value);
  const space = /^\s|\s$/.test(text) ? ' xml:space="preserve"' : '';
  return `<d:${name}${typed}${space}>${escaped(text)}</d:${name}>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
