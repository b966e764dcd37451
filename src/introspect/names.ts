import { Utils } from 'sequelize';
import type { DialectName } from '../../legacy-client';

/** Attributes of every synced model, and names that a Sequelize instance has already. */
const taken = new Set([
  ...['id', 'createdAt', 'modifiedAt', 'legacyId', 'legacyModifiedAt', 'legacyVersion'],
  ...['sequelize', 'dataValues', 'isNewRecord', 'versions', 'asOf'],
  ...['where', 'get', 'set', 'changed', 'previous', 'save', 'reload', 'validate', 'update'],
  ...['destroy', 'restore', 'increment', 'decrement', 'equals', 'isSoftDeleted', 'toJSON'],
  ...['getDataValue', 'setDataValue', 'setAttributes', 'addHook', 'hasHook', 'removeHook'],
]);

/** `optevia_AccountNumber` is `AccountNumber`: Dynamics puts its publishers' prefixes before names. */
export function withoutPrefix(name: string, dialect: DialectName): string {
  const isDynamics = dialect === 'dynamics2011' || dialect === 'dataverse';
  return isDynamics ? name.replace(/^[a-z][a-z0-9]{1,7}_(?=[A-Za-z])/, '') : name;
}

/** `Account` is `account`; `FoundedOn` and `founded_on` are `foundedOn`. */
export function camelCase(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
  const joined = words
    .map((word, index) => (index === 0 ? word.toLowerCase() : capitalized(word.toLowerCase())))
    .join('');
  return /^[a-z]/.test(joined) ? joined : `_${joined}`;
}

/** `sector` is `Sector`. */
export function pascalCase(name: string): string {
  return capitalized(camelCase(name).replace(/^_/, 'Entity'));
}

/** `ContactOrder` is `contact-order`. */
export function kebabCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
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

  /** @param reserved - names that are not given out. */
  constructor(reserved: Iterable<string> = []) {
    this.#used = new Set(reserved);
  }

  /** The first of these that is free; when none is, the last with a number behind it. */
  choose(...wishes: readonly [string, ...string[]]): string {
    const last = wishes[wishes.length - 1] ?? wishes[0];
    let name = wishes.find((wish) => !this.#used.has(wish));
    for (let number = 2; name === undefined; number += 1) {
      if (!this.#used.has(`${last}${number}`)) name = `${last}${number}`;
    }
    this.#used.add(name);
    return name;
  }
}

/** Gives out names for the attributes of one model. */
export function attributeNames(): UniqueNames {
  return new UniqueNames(taken);
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
