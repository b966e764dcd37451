import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { checkMarkup } from './guarded';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#text',
  removeNSPrefix: true,
  // NOTE: the default would turn '0000100000' into 100000 and '1.10' into 1.1.
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // NOTE: without this `&#xA;` stays as it is.
  htmlEntities: true,
});

/** An element: attributes start with `@`, text is `#text`; one without attributes is a string. */
export type XmlNode = string | XmlElement | readonly XmlNode[] | undefined;

/** An element with attributes or children. */
export interface XmlElement {
  readonly [name: string]: XmlNode;
}

/**
 * Parse a complete XML document; prefixes of namespaces are dropped.
 *
 * @returns the root element with its name, text untouched.
 * @throws SyntaxError when the document is cut off or not well formed (the parser alone would give a
 *   cut feed as a shorter one), has a document type, or more attributes or levels than any honest one.
 */
export function parseXml(text: string): { readonly name: string; readonly root: XmlElement } {
  checkMarkup(text);
  const validity = XMLValidator.validate(text);
  if (validity !== true) throw new SyntaxError(`XML is not well formed: ${validity.err.msg}`);
  const parsed = parsedText(text);
  const roots = Object.entries(parsed).filter(([name]) => !/^[?#]/.test(name));
  const [name, root] = roots[0] ?? [];
  if (name === undefined || roots.length > 1)
    throw new SyntaxError('XML has no single root element');
  return { name, root: elementOf(root) };
}

/** NOTE: beyond its own limits, of levels for one, the parser throws what is no SyntaxError. */
function parsedText(text: string): XmlElement {
  try {
    return parser.parse(text) as XmlElement;
  } catch {
    throw new SyntaxError('XML has names, entities or levels that are not read');
  }
}

/** A node as an element; a bare text becomes `{ '#text': … }`. */
export function elementOf(node: XmlNode): XmlElement {
  if (node === undefined || Array.isArray(node)) return {};
  return typeof node === 'string' ? { '#text': node } : (node as XmlElement);
}

/** The children of a name, none, one or many. */
export function childrenOf(parent: XmlElement, name: string): readonly XmlNode[] {
  const node = parent[name];
  if (node === undefined) return [];
  return Array.isArray(node) ? (node as readonly XmlNode[]) : [node];
}

/** The text of a node; empty where there is none. */
export function textOf(node: XmlNode): string {
  const text = elementOf(node)['#text'];
  return typeof text === 'string' ? text : '';
}
