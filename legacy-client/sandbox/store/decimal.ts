/** A decimal as a whole number of units of the last place. */
interface Scaled {
  readonly units: bigint;
  readonly places: number;
}

const decimalPattern = /^(-?)(\d+)(?:\.(\d+))?$/;

/** Whether a text is in decimal notation without exponent: `-12.50`. */
export function isDecimal(text: string): boolean {
  return decimalPattern.test(text);
}

function scaled(text: string): Scaled {
  const match = decimalPattern.exec(text);
  if (match === null) throw new Error(`Not a decimal: ${text}`);
  const [, sign = '', whole = '0', fraction = ''] = match;
  return { units: BigInt(`${sign}${whole}${fraction}`), places: fraction.length };
}

function print(units: bigint, places: number): string {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
  if (places === 0) return sign + digits;
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/**
 * Write a decimal with so many places, the half rounded away from zero as SQL Server's ROUND does.
 */
export function toPlaces(text: string, places: number): string {
  const value = scaled(text);
  if (value.places <= places) {
    return print(value.units * 10n ** BigInt(places - value.places), places);
  }
  const unit = 10n ** BigInt(value.places - places);
  const half = value.units < 0n ? -unit / 2n : unit / 2n;
  return print((value.units + half) / unit, places);
}

/** Compare by value, exactly: `1.5` equals `1.50`. */
export function compareDecimals(left: string, right: string): number {
  // Rounding to a double keeps the order, so only equal doubles need the exact comparison.
  const difference = Number(left) - Number(right);
  if (difference !== 0) return difference;
  const a = scaled(left);
  const b = scaled(right);
  const places = Math.max(a.places, b.places);
  const leftUnits = a.units * 10n ** BigInt(places - a.places);
  const rightUnits = b.units * 10n ** BigInt(places - b.places);
  return leftUnits < rightUnits ? -1 : leftUnits > rightUnits ? 1 : 0;
}

/** Write a finite double in decimal notation without exponent. */
export function decimalOfNumber(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  const fixed = value.toFixed(20);
  return fixed.includes('e') ? BigInt(value).toString() : fixed.replace(/\.?0+$/, '');
}
