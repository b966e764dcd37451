/** The primitive types that the reference servers know. */
export type EdmType =
  | 'Edm.String'
  | 'Edm.Guid'
  | 'Edm.Boolean'
  | 'Edm.Int32'
  | 'Edm.Int64'
  | 'Edm.Decimal'
  | 'Edm.Double'
  | 'Edm.DateTime'
  | 'Edm.DateTimeOffset'
  | 'Edm.Date';

/**
 * A stored value: text, GUIDs in lower case, days as `'2026-11-21'`, 64-bit numbers as bigint,
 * instants as ticks of 100 ns since 1970, decimals as `Decimal`, the rest as JavaScript has it.
 */
export type EdmValue = string | number | boolean | bigint | Decimal | Ticks | null;

/** A decimal number, exact. */
export class Decimal {
  constructor(
    readonly units: bigint,
    readonly scale: number,
  ) {}

  static parse(text: string): Decimal | undefined {
    const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text);
    if (match === null) return undefined;
    const fraction = match[3] ?? '';
    const units = BigInt(`${match[2] ?? '0'}${fraction}`);
    return new Decimal(match[1] === '-' ? -units : units, fraction.length);
  }

  toString(): string {
    const digits = (this.units < 0n ? -this.units : this.units)
      .toString()
      .padStart(this.scale + 1, '0');
    const point = digits.length - this.scale;
    const fraction = this.scale === 0 ? '' : `.${digits.slice(point)}`;
    return `${this.units < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`;
  }

  /** Below, at or above zero as this is below, at or above the other. */
  compare(other: Decimal): number {
    const scale = Math.max(this.scale, other.scale);
    const left = this.units * 10n ** BigInt(scale - this.scale);
    const right = other.units * 10n ** BigInt(scale - other.scale);
    return left < right ? -1 : left > right ? 1 : 0;
  }
}

const ISO = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,12}))?)?(Z|[+-]\d{2}:\d{2})?$/;

/** An instant to 100 ns, as .NET and many databases keep it. */
export class Ticks {
  constructor(readonly count: bigint) {}

  static ofMilliseconds(milliseconds: number): Ticks {
    return new Ticks(BigInt(milliseconds) * 10_000n);
  }

  /** @param zone - `required`, `forbidden` (it is UTC) or `either`. */
  static parse(text: string, zone: 'required' | 'forbidden' | 'either'): Ticks | undefined {
    const match = ISO.exec(text);
    if (match === null) return undefined;
    const [, day = '', time = '', seconds = '00', fraction = '', offset] = match;
    if ((offset === undefined) === (zone === 'required')) return undefined;
    if (offset !== undefined && zone === 'forbidden') return undefined;
    const whole = Date.parse(`${day}T${time}:${seconds}${offset ?? 'Z'}`);
    if (Number.isNaN(whole)) return undefined;
    return new Ticks(BigInt(whole) * 10_000n + BigInt(fraction.padEnd(7, '0').slice(0, 7)));
  }

  toString(): string {
    return this.iso(7);
  }

  get date(): Date {
    return new Date(Number(this.count / 10_000n));
  }

  /** `2026-11-21T13:26:26.1234567`, with so many digits, in a zone so many minutes east of UTC. */
  iso(digits: number, minutesEast = 0): string {
    const local = new Date(this.date.getTime() + minutesEast * 60_000);
    const fraction = (this.count % 10_000_000n).toString().padStart(7, '0').slice(0, digits);
    return local.toISOString().slice(0, 19) + (digits === 0 ? '' : `.${fraction}`);
  }
}
