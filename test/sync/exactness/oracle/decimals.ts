/** A decimal as a whole number of units of its last place. */
function unitsOf(value: string | number, places: number): bigint {
  const [, sign = '', whole = '', fraction = ''] =
    /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(value)) ?? [];
  if (whole === '') throw new Error(`Not a plain decimal: ${value}`);
  return BigInt(`${sign}${whole}${fraction.padEnd(places, '0')}`);
}

function placesOf(value: string | number): number {
  return /\.(\d+)$/.exec(String(value))?.[1]?.length ?? 0;
}

function written(units: bigint, places: number): string {
  const digits = String(units < 0n ? -units : units).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const fraction = places === 0 ? '' : `.${digits.slice(digits.length - places)}`;
  return `${units < 0n ? '-' : ''}${whole}${fraction}`;
}

/** Round as NUMERIC does: halves away from zero. `rounded('-1.005', 2)` is `'-1.01'`. */
export function rounded(value: string | number, scale: number): string {
  const places = placesOf(value);
  if (places <= scale) return written(unitsOf(value, scale), scale);
  const units = unitsOf(value, places);
  const step = 10n ** BigInt(places - scale);
  const half = units < 0n ? -step / 2n : step / 2n;
  return written((units + half) / step, scale);
}

/** Negative, zero or positive, as the first is below, equal to or above the second. */
export function compareDecimals(a: string | number, b: string | number): number {
  const places = Math.max(placesOf(a), placesOf(b));
  const difference = unitsOf(a, places) - unitsOf(b, places);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The exact sum. */
export function sumOf(values: readonly (string | number)[]): string {
  const places = Math.max(0, ...values.map(placesOf));
  return written(
    values.reduce((sum, value) => sum + unitsOf(value, places), 0n),
    places,
  );
}
