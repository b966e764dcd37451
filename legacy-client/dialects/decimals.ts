const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** In decimal notation already. */
const PLAIN = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/**
 * Write a number in decimal notation, keeping every digit that was given.
 *
 * @param text - `'12.50'`, `'-1e3'`, `'.5'`.
 * @returns `'12.50'`, `'-1000'`, `'0.5'`; undefined when the text is no number.
 */
export function decimalNotation(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  const match = DECIMAL.exec(text.trim());
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (match === null || whole + fraction === '') return undefined;
  const sign = match[1] === '-' ? '-' : '';
  const exponent = Number(match[4] ?? 0);
  return sign + shifted(whole, fraction, exponent);
}

/** The digits with the point moved by `places` (to the right when positive). */
function shifted(whole: string, fraction: string, places: number): string {
  const digits = whole + fraction;
  const point = whole.length + places;
  const padded =
    point < 0 ? '0'.repeat(-point) + digits : digits.padEnd(Math.max(point, digits.length), '0');
  const position = Math.max(point, 0);
  const left = padded.slice(0, position).replace(/^0+(?=\d)/, '') || '0';
  const right = padded.slice(position);
  return right === '' ? left : `${left}.${right}`;
}
