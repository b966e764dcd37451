import { Model, Utils } from 'sequelize';
import type { DialectName } from '../../legacy-client';

/** Attributes of every synced model, and what its instances have beside those of Sequelize. */
const ownMembers = [
  ...['id', 'createdAt', 'modifiedAt', 'legacyId', 'legacyModifiedAt', 'legacyVersion'],
  ...['sequelize', 'dataValues', 'isNewRecord', 'versions', 'asOf'],
];

/** What every instance has from Sequelize, `constructor` and `toString` included. */
function inheritedMembers(): string[] {
  const names: string[] = [];
  for (let from: unknown = Model.prototype; from; from = Object.getPrototypeOf(from) as unknown) {
    names.push(...Object.getOwnPropertyNames(from));
  }
  return names;
}

/** PostgreSQL cuts longer names, in bytes; a number may follow. */
const LONGEST_NAME = 60;

/** `optevia_AccountNumber` is `AccountNumber`: Dynamics puts its publishers' prefixes before names. */
export function withoutPrefix(name: string, dialect: DialectName): string {
  const isDynamics = dialect === 'dynamics2011' || dialect === 'dataverse';
  return isDynamics ? name.replace(/^[a-z][a-z0-9]{1,7}_(?=[A-Za-z])/, '') : name;
}

/** `Account` is `account`; `FoundedOn` and `founded_on` are `foundedOn`. */
export function camelCase(name: string): string {
  const words = name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[^\p{L}\p{Mn}\p{Mc}\p{Nd}]+/u)
    .filter((word) => word !== '');
  const joined = words
    .map((word, index) => (index === 0 ? word.toLowerCase() : capitalized(word.toLowerCase())))
    .join('');
  if (joined === '') return 'unnamed';
  return shortened(/^\p{L}/u.test(joined) ? joined : `_${joined}`);
}

function shortened(name: string): string {
  let short = name;
  while (Buffer.byteLength(columnName(short)) > LONGEST_NAME) short = short.slice(0, -1);
  return short;
}

/** The column of an attribute, where a model is `underscored`. */
function columnName(attribute: string): string {
  return Utils.underscoredIf(attribute, true);
}

/** `sector` is `Sector`. */
export function pascalCase(name: string): string {
  return capitalized(camelCase(name).replace(/^_/, 'Entity'));
}

/** `ContactOrder` is `contact-order`. */
export function kebabCase(name: string): string {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1-$2')
    .replace(/_/g, '-')
    .toLowerCase();
}

/** `contact_orders`, the table of `ContactOrder`. */
export function tableName(model: string): string {
  return pluralOf(kebabCase(model).replaceAll('-', '_'));
}

/** The plural of an English noun. */
export function pluralOf(noun: string): string {
  return Utils.pluralize(noun);
}

/** Gives out names, each once. */
export class UniqueNames {
  readonly #used: Set<string>;

  /**
   * @param reserved - names that are not given out.
   * @param placeOf - what two names may not have in common: their column, their table.
   */
  constructor(
    reserved: Iterable<string> = [],
    private readonly placeOf: (name: string) => string = (name) => name,
  ) {
    this.#used = new Set([...reserved].map(placeOf));
  }

  /** The first of these that is free; when none is, the last with a number behind it. */
  choose(...wishes: readonly [string, ...string[]]): string {
    const last = wishes[wishes.length - 1] ?? wishes[0];
    let name = wishes.find((wish) => this.#isFree(wish));
    for (let number = 2; name === undefined; number += 1) {
      if (this.#isFree(`${last}${number}`)) name = `${last}${number}`;
    }
    this.#used.add(this.placeOf(name));
    return name;
  }

  #isFree(name: string): boolean {
    return !this.#used.has(this.placeOf(name));
  }
}

/** Gives out names for the attributes of one model, and for what it is associated with. */
export function attributeNames(): UniqueNames {
  return new UniqueNames([...ownMembers, ...inheritedMembers()], columnName);
}

/**
 * Gives out names for models: none that their sources use, or that would be another one's file
 * (`models/index.ts`, `models/base.ts`) or table.
 */
export function modelNames(): UniqueNames {
  const used = ['Model', 'Sequelize', 'DataTypes', 'ApplicationModel', 'Models', 'Date'];
  const types = ['CreationOptional', 'InferAttributes', 'InferCreationAttributes'];
  return new UniqueNames([...used, ...types, 'Index', 'Base'], tableName);
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
