import { childrenOf, elementOf, textOf, type XmlElement, type XmlNode } from './parse';

/** The shape that OData v2 has in JSON. */
export interface V2Envelope {
  readonly d: unknown;
}

/**
 * Bring an Atom feed or entry of OData v2 into the shape of the JSON answer.
 *
 * @returns `{ d: { results, __next } }` for a feed, `{ d: {…} }` for an entry; undefined for any
 *   other document.
 */
export function atomToJson(name: string, root: XmlElement): V2Envelope | undefined {
  if (name === 'entry') return { d: readEntry(root) };
  if (name !== 'feed') return undefined;
  const results = childrenOf(root, 'entry').map(readEntry);
  const next = childrenOf(root, 'link')
    .map(elementOf)
    .find((link) => link['@rel'] === 'next');
  const address = next?.['@href'];
  const [error] = childrenOf(root, 'error');
  const page = error === undefined ? { results } : { results, error };
  return typeof address === 'string'
    ? { d: { ...page, __next: withBase(address, root['@base']) } }
    : { d: page };
}

/** NOTE: relative addresses of a feed are relative to its `xml:base`, where it has one. */
function withBase(address: string, base: XmlNode): string {
  return typeof base === 'string' && URL.canParse(address, base)
    ? new URL(address, base).href
    : address;
}

function readEntry(node: XmlNode): Record<string, unknown> {
  const entry = elementOf(node);
  // Media entries have their properties beside the content instead of inside.
  const properties = elementOf(entry.content).properties ?? entry.properties;
  const etag = entry['@etag'];
  return {
    __metadata: { uri: textOf(entry.id), ...(typeof etag === 'string' ? { etag } : {}) },
    ...readProperties(elementOf(properties)),
  };
}

function readProperties(parent: XmlElement): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const [name, node] of Object.entries(parent)) {
    if (!name.startsWith('@') && name !== '#text') properties[name] = readProperty(node);
  }
  return properties;
}

function readProperty(node: XmlNode): unknown {
  const element = elementOf(node);
  if (element['@null'] === 'true') return null;
  const isComplex = Object.keys(element).some((name) => !name.startsWith('@') && name !== '#text');
  return isComplex ? readProperties(element) : readPrimitive(textOf(node), element['@type']);
}

/** Decimals and 64-bit numbers stay strings, as they are in JSON of OData v2. */
function readPrimitive(text: string, type: XmlNode): unknown {
  switch (type) {
    case 'Edm.Boolean':
      return text === 'true' || text === '1';
    case 'Edm.Byte':
    case 'Edm.SByte':
    case 'Edm.Int16':
    case 'Edm.Int32':
    case 'Edm.Double':
    case 'Edm.Single':
      return Number(text);
    default:
      return text;
  }
}
