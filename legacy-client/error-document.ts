import { parseJson } from './exact-json';
import { childrenOf, elementOf, parseXml, textOf } from './xml/parse';
import { soapFault } from './xml/soap';

/** What a service's own error document says. */
export interface ErrorDocument {
  /** `-2147220969`, `0x80040217`; empty where it gave none. */
  readonly code: string;
  readonly message: string;
  /** A fault of SOAP, which has one status for all that is wrong. */
  readonly isFault?: boolean;
}

/** In characters. What is longer is no error document, and costs too much to look at. */
const LONGEST = 1_000_000;

/**
 * Read the error document of any OData version.
 *
 * @param text - `{"error":{"code":"…","message":{"lang":"en-US","value":"…"}}}` (v2),
 *   `{"error":{"code":"0x…","message":"…"}}` (v4), `<m:error><m:code/><m:message/></m:error>`, or an
 *   envelope with a fault.
 * @returns undefined when the text is none, or was cut off.
 */
export function readErrorDocument(text: string): ErrorDocument | undefined {
  if (text.length > LONGEST) return undefined;
  const start = text.trimStart();
  try {
    if (start.startsWith('{')) return readJsonError(parseJson(start));
    return start.startsWith('<') ? readXmlError(start) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readJsonError(document: unknown): ErrorDocument | undefined {
  const error = member(document, 'error') ?? member(document, 'odata.error');
  if (typeof error !== 'object' || error === null) return undefined;
  const code = member(error, 'code');
  const message = member(error, 'message');
  const words = typeof message === 'string' ? message : member(message, 'value');
  return {
    code: typeof code === 'string' || typeof code === 'number' ? String(code) : '',
    message: typeof words === 'string' ? words : '',
  };
}

function readXmlError(text: string): ErrorDocument | undefined {
  const { name, root } = parseXml(text);
  if (name === 'Envelope') {
    const fault = soapFault(elementOf(root.Body));
    return fault && { code: fault.code, message: fault.message, isFault: true };
  }
  if (name !== 'error') return undefined;
  const [code] = childrenOf(root, 'code');
  const [message] = childrenOf(root, 'message');
  return { code: textOf(code).trim(), message: textOf(elementOf(message)).trim() };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
