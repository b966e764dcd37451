import { elementOf, parseXml, textOf, type XmlElement, type XmlNode } from './parse';

/** Why a service of SOAP refuses. */
export interface SoapFault {
  /** What SOAP itself says: codes and reason. */
  readonly kind: string;
  /** Dynamics' own number (`-2147220969`); empty where it gave none. */
  readonly code: string;
  /** In words. */
  readonly message: string;
}

/**
 * Find what an envelope of either SOAP version holds.
 *
 * @returns undefined when the text is none.
 */
export function soapBody(text: string): XmlElement | undefined {
  try {
    const { name, root } = parseXml(text);
    return name === 'Envelope' ? elementOf(root.Body) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Read the fault in a body. SOAP 1.2 has Code, Reason and Detail; 1.1 has faultcode, faultstring and
 * detail.
 *
 * @returns undefined when there is none.
 */
export function soapFault(body: XmlElement): SoapFault | undefined {
  if (body.Fault === undefined) return undefined;
  const fault = elementOf(body.Fault);
  const codes = [fault.faultcode, ...codesIn(fault.Code)].map(textOf).join(' ');
  const reason = textOf(fault.faultstring) || textOf(elementOf(fault.Reason).Text);
  const detail = elementOf(elementOf(fault.Detail ?? fault.detail).OrganizationServiceFault);
  return {
    kind: `${codes} ${reason}`,
    code: textOf(detail.ErrorCode).trim(),
    message: textOf(detail.Message).trim() || reason.trim(),
  };
}

function codesIn(node: XmlNode): XmlNode[] {
  if (node === undefined) return [];
  const { Value, Subcode } = elementOf(node);
  return [Value, ...codesIn(Subcode)];
}

/** A text as it stands in an envelope. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
