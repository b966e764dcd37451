import { parseJson } from './exact-json';
import type { TransportAnswer } from './transport';
import { atomToJson } from './xml/atom';
import { endOfProlog } from './xml/guarded';
import { parseXml } from './xml/parse';

/**
 * Parse the body of a success by its content type, or by its looks where that is missing.
 *
 * @returns undefined for an empty body; a string for plain text and for `$metadata`, which has a reader
 *   of its own; Atom in the shape of v2's JSON.
 * @throws SyntaxError when it is cut off, not well formed, or XML that is no Atom.
 */
export function parseBody({ headers, text }: Omit<TransportAnswer, 'setCookies'>): unknown {
  if (text.trim() === '') return undefined;
  const contentType = headers['content-type'] ?? '';
  const start = text.trimStart();
  if (/\bxml\b/i.test(contentType) || start.startsWith('<')) {
    return isMetadata(start) ? text : parseAtom(text);
  }
  return /\bjson\b/i.test(contentType) || /^[{[]/.test(start) ? parseJson(text) : text;
}

/** Looks at the beginning only: such documents have megabytes. */
function isMetadata(text: string): boolean {
  const start = text.slice(0, 2000);
  return /^<(?:\w+:)?Edmx[\s>]/.test(start.slice(endOfProlog(start)));
}

function parseAtom(text: string): unknown {
  const { name, root } = parseXml(text);
  const json = atomToJson(name, root);
  if (json === undefined) throw new SyntaxError(`an XML document <${name}> is no Atom`);
  return json;
}
