/**
 * The furthest number, in one direction, that is rounded to this one (or a little further).
 *
 * @param decimal - in plain notation, of any length.
 * @param scale - digits behind the point that are kept.
 * @returns plain notation: `roundingEdge('12.35', 2, 'below')` is `'12.344'`.
 */
export function roundingEdge(decimal: string, scale: number, side: 'below' | 'above'): string {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal) ?? [];
  const digits = fraction.padEnd(scale + 1, '0').slice(0, scale + 1);
  const units = BigInt(`${sign}${whole}${digits}`);
  // Half a unit of the last kept digit, and one for digits that were cut off.
  const moved = side === 'below' ? units - 6n : units + 6n;
  const text = (moved < 0n ? -moved : moved).toString().padStart(scale + 2, '0');
  const point = text.length - scale - 1;
  return `${moved < 0n ? '-' : ''}${text.slice(0, point)}.${text.slice(point)}`;
}
