import type { LegacyValue, PropertyKind, WireType } from '../../legacy-client';

/** A local attribute's value as Sequelize holds it. */
export type LocalValue = unknown;

/** How one local attribute is kept in the legacy system. Made by {@link field}. */
export interface Field {
  /** The legacy property: the schema name on Dynamics 2011, the logical name on Dataverse. */
  readonly property: string;
  readonly kind: PropertyKind;
  /** The type in the service's `$metadata`, where it is not the usual one of the kind. */
  readonly type?: WireType | undefined;
  /**
   * What a legacy filter can say of the local value: `order` (smaller here is smaller there),
   * `equality`, or `none` where a conversion of your own stands in between.
   */
  readonly comparable: 'order' | 'equality' | 'none';
  /** Only for lookups: the name of the model that is pointed to. */
  readonly model?: string;
  /** Only for option sets that are kept by name: the numbers of the names. */
  readonly options?: Readonly<Record<string, number>>;
  /** From the local value to the wire's neutral form. Never called with null. */
  toLegacy(value: LocalValue): LegacyValue;
  /** From the wire's neutral form to the local value. Never called with null. */
  fromLegacy(value: NonNullable<LegacyValue>): LocalValue;
}

/** What a field may be told of its property. */
export interface FieldOptions {
  /**
   * The type in the `$metadata` of an `odata2` or `odata4` service, where it is not the usual one of
   * the kind: `Edm.Double` of a decimal, `Edm.Int64` of a whole number, `Edm.DateTimeOffset` of an
   * instant.
   */
  readonly type?: WireType;
}

/** What {@link field.custom} needs: one property, and both directions. */
export interface CustomField {
  readonly property: string;
  /** The kind that the property has in the legacy system. */
  readonly kind: PropertyKind;
  /** As in {@link FieldOptions}. */
  readonly type?: WireType;
  /** From the local value to the wire's neutral form. Never called with null. */
  toLegacy(value: LocalValue): LegacyValue;
  /** From the wire's neutral form to the local value. Never called with null. */
  fromLegacy(value: NonNullable<LegacyValue>): LocalValue;
}

const same = (value: NonNullable<LegacyValue>): LocalValue => value;

const texts = {
  comparable: 'equality' as const,
  toLegacy: (value: LocalValue) => String(value),
  fromLegacy: same,
};

const wholeNumbers = {
  comparable: 'order' as const,
  toLegacy: (value: LocalValue) => {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) {
      throw new RangeError(`${String(value)} is not a whole number below 2^53.`);
    }
    return number;
  },
  fromLegacy: same,
};

const truths = new Map<LocalValue, boolean>([
  [true, true],
  ['true', true],
  [1, true],
  [false, false],
  ['false', false],
  [0, false],
]);

function truth(value: LocalValue): boolean {
  const found = truths.get(value);
  if (found === undefined) throw new RangeError(`${String(value)} is neither true nor false.`);
  return found;
}

/** A day as Sequelize's DATEONLY takes it: of a Date, the one in this process's zone. */
const days = {
  comparable: 'order' as const,
  toLegacy: (value: LocalValue) => {
    const text = value instanceof Date ? localDay(value) : String(value);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) throw new RangeError(`${text} is not a day.`);
    return text;
  },
  fromLegacy: same,
};

function localDay(date: Date): string {
  const month = String(date.getMonth() + 1).padStart(2, '0');
  return `${date.getFullYear()}-${month}-${String(date.getDate()).padStart(2, '0')}`;
}

/** Decimal notation without exponent, so that no digit is lost on the way. */
const decimals = {
  comparable: 'order' as const,
  toLegacy: (value: LocalValue) => {
    const text = String(value);
    if (!/^-?\d+(\.\d+)?$/.test(text)) {
      throw new RangeError(`${text} is not a decimal number in plain notation.`);
    }
    return text;
  },
  fromLegacy: same,
};

const instants = {
  comparable: 'order' as const,
  toLegacy: (value: LocalValue) => {
    const date = value instanceof Date ? value : new Date(value as string | number);
    if (Number.isNaN(date.getTime())) throw new RangeError('The date is not a valid one.');
    return date;
  },
  fromLegacy: same,
};

const guids = {
  comparable: 'equality' as const,
  toLegacy: (value: LocalValue) => String(value).toLowerCase(),
  fromLegacy: same,
};

function optionCodes(
  options: Readonly<Record<string, number>>,
): Pick<Field, 'comparable' | 'options' | 'toLegacy' | 'fromLegacy'> {
  const names = new Map(Object.entries(options).map(([name, code]) => [code, name]));
  return {
    comparable: 'equality',
    options,
    toLegacy: (value) => {
      const code = options[String(value)];
      if (code === undefined) throw new RangeError(`${String(value)} is not one of the options.`);
      return code;
    },
    fromLegacy: (code) => {
      const name = names.get(Number(code));
      if (name === undefined) throw new RangeError(`The option ${String(code)} has no name here.`);
      return name;
    },
  };
}

/**
 * The kinds of fields that a mapping is made of.
 *
 * @example
 * ```ts
 * fields: {
 *   name: field.string('Name'),
 *   status: field.optionSet('StatusCode', { open: 1, closed: 2 }),
 *   sectorId: field.lookup('optevia_Sector', { model: 'Sector' }),
 * }
 * ```
 */
export const field = {
  /** One line of text. A legacy null is `''` where the column does not allow null. */
  string: (property: string): Field => ({ property, kind: 'string', ...texts }),
  /** Text of any length; on the wire the same as {@link field.string}. */
  text: (property: string): Field => ({ property, kind: 'string', ...texts }),
  /** A whole number. */
  integer: (property: string, options?: FieldOptions): Field => ({
    property,
    kind: 'integer',
    ...options,
    ...wholeNumbers,
  }),
  /** A decimal number; local value as Sequelize's DECIMAL gives it, a string. */
  decimal: (property: string, options?: FieldOptions): Field => ({
    property,
    kind: 'decimal',
    ...options,
    ...decimals,
  }),
  /** An amount of money; local value a decimal string. */
  money: (property: string, options?: FieldOptions): Field => ({
    property,
    kind: 'money',
    ...options,
    ...decimals,
  }),
  /** True or false. */
  boolean: (property: string): Field => ({
    property,
    kind: 'boolean',
    comparable: 'equality',
    toLegacy: truth,
    fromLegacy: same,
  }),
  /** An instant, a Date in UTC. Dynamics keeps whole seconds. */
  dateTime: (property: string, options?: FieldOptions): Field => ({
    property,
    kind: 'dateTime',
    ...options,
    ...instants,
  }),
  /** A day without a time, `'2026-11-21'`. */
  dateOnly: (property: string, options?: FieldOptions): Field => ({
    property,
    kind: 'dateOnly',
    ...options,
    ...days,
  }),
  /** A GUID that is not a reference. */
  guid: (property: string, options?: FieldOptions): Field => ({
    property,
    kind: 'guid',
    ...options,
    ...guids,
  }),
  /** An option set: its number, or with `options` (`{ name: number }`) its name. */
  optionSet: (property: string, options?: Readonly<Record<string, number>>): Field => ({
    property,
    kind: 'optionSet',
    ...(options ? optionCodes(options) : wholeNumbers),
  }),
  /**
   * A reference to a record of another mapped model; the local attribute is a foreign key to that
   * model's primary key. On Dataverse `property` is the navigation name.
   */
  lookup: (
    property: string,
    { model, type }: FieldOptions & { readonly model: string },
  ): Field => ({
    property,
    kind: 'lookup',
    type,
    model,
    ...guids,
  }),
  /** A property that needs a conversion of your own. */
  custom: (definition: CustomField): Field => ({
    ...definition,
    comparable: 'none',
  }),
};
