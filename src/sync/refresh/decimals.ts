const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Tell whether a decimal that PostgreSQL gave certainly is another one, as a column keeps that.
 *
 * @param scale - digits behind the point that the column keeps; undefined keeps all of them.
 * PostgreSQL rounds a half away from zero.
 */
export function isSameDecimal(kept: string, given: string, scale: number | undefined): boolean {
  if (kept === given) return true;
  const places = scale ?? Math.max(fractionOf(kept), fractionOf(given));
  const one = rounded(kept, places);
  return one !== undefined && one === rounded(given, places);
}

function fractionOf(text: string): number {
  return DECIMAL.exec(text)?.[3]?.length ?? 0;
}

/** The number in units of its last place. */
function rounded(text: string, places: number): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = ''] = match;
  const units = BigInt(whole + fraction.slice(0, places).padEnd(places, '0'));
  const isUp = fraction.charCodeAt(places) >= 53;
  const size = isUp ? units + 1n : units;
  return sign === '-' ? -size : size;
}
