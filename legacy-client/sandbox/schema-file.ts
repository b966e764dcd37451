import { readFile } from 'node:fs/promises';
import type { PropertyKind } from '../entity';
import type {
  DeleteRule,
  SandboxEntity,
  SandboxManyToMany,
  SandboxProperty,
  SandboxSchema,
} from './schema';

const kinds: readonly PropertyKind[] = [
  'string',
  'boolean',
  'integer',
  'decimal',
  'money',
  'dateTime',
  'dateOnly',
  'guid',
  'optionSet',
  'lookup',
];
const deleteRules: readonly DeleteRule[] = ['cascade', 'removeLink', 'restrict'];

/** Reads parts of a document and says where a wrong one stands. */
class Part {
  constructor(
    private readonly value: unknown,
    private readonly where: string,
  ) {}

  at(name: string): Part {
    const { value } = this;
    if (typeof value !== 'object' || value === null) this.fail('an object');
    const fields: Readonly<Record<string, unknown>> = { ...value };
    return new Part(fields[name], `${this.where}.${name}`);
  }

  list(): Part[] {
    if (!Array.isArray(this.value)) return this.fail('a list');
    return this.value.map((item, at) => new Part(item, `${this.where}[${String(at)}]`));
  }

  string(): string {
    return typeof this.value === 'string' && this.value !== '' ? this.value : this.fail('a string');
  }

  number(): number {
    return typeof this.value === 'number' ? this.value : this.fail('a number');
  }

  boolean(): boolean {
    return typeof this.value === 'boolean' ? this.value : this.fail('true or false');
  }

  oneOf<T extends string>(allowed: readonly T[]): T {
    return allowed.find((item) => item === this.value) ?? this.fail(`one of ${allowed.join(', ')}`);
  }

  optional<T>(read: (part: this) => T): T | undefined {
    return this.value === undefined ? undefined : read(this);
  }

  private fail(expected: string): never {
    throw new Error(`The sandbox schema needs ${expected} at ${this.where}`);
  }
}

function readProperty(part: Part): SandboxProperty {
  return {
    name: part.at('name').string(),
    kind: part.at('kind').oneOf(kinds),
    maxLength: part.at('maxLength').optional((field) => field.number()),
    required: part.at('required').optional((field) => field.boolean()),
    target: part.at('target').optional((field) => field.string()),
    onDelete: part.at('onDelete').optional((field) => field.oneOf(deleteRules)),
    precision: part.at('precision').optional((field) => field.number()),
  };
}

function readManyToMany(part: Part): SandboxManyToMany {
  return {
    name: part.at('name').string(),
    to: part.at('to').string(),
    intersect: part.at('intersect').optional((field) => field.string()),
  };
}

function readEntity(part: Part): SandboxEntity {
  return {
    logicalName: part.at('logicalName').string(),
    schemaName: part.at('schemaName').string(),
    collectionName: part.at('collectionName').string(),
    key: part.at('key').string(),
    properties: part.at('properties').list().map(readProperty),
    states: part.at('states').optional((field) => field.boolean()),
    manyToMany: part.at('manyToMany').optional((field) => field.list().map(readManyToMany)),
  };
}

/**
 * Read a schema from a JSON file: a list of entities, as {@link SandboxEntity} describes them.
 *
 * @throws Error naming the file, and the place in it where something else was expected.
 */
export async function readSchemaFile(file: string): Promise<SandboxSchema> {
  try {
    const document: unknown = JSON.parse(await readFile(file, 'utf8'));
    return new Part(document, 'entities').list().map(readEntity);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The sandbox schema in ${file} cannot be used: ${reason}`, { cause: error });
  }
}
