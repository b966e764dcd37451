/** A number that is written into JSON digit by digit: `new ExactNumber('922337203685477.5807')`. */
export class ExactNumber {
  constructor(readonly digits: string) {}
}

/**
 * A text that is written into JSON with its slashes escaped: `\/Date(0)\/`.
 *
 * @remarks WCF Data Services tells dates of OData v2 from other texts by these backslashes.
 */
export class SlashedText {
  constructor(readonly text: string) {}
}

/** Write JSON; {@link ExactNumber}s keep their digits, absent properties are left out. */
export function writeJson(value: unknown): string {
  if (value instanceof ExactNumber) return value.digits;
  if (value instanceof SlashedText) return JSON.stringify(value.text).replaceAll('/', '\\/');
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${JSON.stringify(name)}:${writeJson(member)}`);
  return `{${members.join(',')}}`;
}

const LONG_NUMERAL = /[:,[\s]-?(?=[\d.]{16})\d/;
const STRING_OR_NUMERAL = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Parse JSON; numerals of more than 15 digits come as strings, because a double would change them.
 *
 * @throws SyntaxError when the text is not JSON.
 */
export function parseJson(text: string): unknown {
  // NOTE: a second pass costs as much as the parsing itself, so only texts that need it pay.
  const isExact = !hasLongRun(text) || !LONG_NUMERAL.test(text);
  return JSON.parse(isExact ? text : quoteLongNumerals(text));
}

const LONG = 16;

/**
 * Tell whether digits and points stand next to each other for long enough to be a long numeral. Of
 * such a run at least one character stands where this looks: at every 16th place.
 */
function hasLongRun(text: string): boolean {
  for (let at = LONG - 1; at < text.length; at += LONG) {
    if (!isDigitOrPoint(text.charCodeAt(at))) continue;
    let start = at;
    while (isDigitOrPoint(text.charCodeAt(start - 1))) start -= 1;
    let end = at + 1;
    while (isDigitOrPoint(text.charCodeAt(end))) end += 1;
    if (end - start >= LONG) return true;
  }
  return false;
}

/** `.`, `0` to `9`; not NaN, which is what stands beyond a text's ends. */
function isDigitOrPoint(code: number): boolean {
  return code === 46 || (code >= 48 && code <= 57);
}

function quoteLongNumerals(text: string): string {
  return text.replace(STRING_OR_NUMERAL, (token) => {
    const isLong =
      !token.startsWith('"') && token.replace(/[eE].*$/, '').replace(/[-.]/g, '').length > 15;
    return isLong ? `"${token}"` : token;
  });
}
