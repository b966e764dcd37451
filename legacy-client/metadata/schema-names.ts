import { childrenOf, elementOf, type XmlElement } from '../xml/parse';

/** A schema of a `$metadata` document. */
export interface CsdlSchema {
  readonly element: XmlElement;
  readonly namespace: string;
  /** A short name for the namespace, valid in the whole document. */
  readonly alias: string | undefined;
}

/** A named element with the schema that it stands in. */
export interface TypedElement {
  readonly element: XmlElement;
  readonly schema: CsdlSchema;
}

type Kind = 'EntityType' | 'Association' | 'TypeDefinition';

/** The value of an attribute; undefined where it is missing. */
export function attributeOf(element: XmlElement, name: string): string | undefined {
  const value = element[`@${name}`];
  return typeof value === 'string' ? value : undefined;
}

/** Finds what the names in a document stand for: `Microsoft.Crm.Account`, `Self.Account`. */
export class TypeNames {
  readonly #byName = new Map<string, TypedElement>();
  /** How many namespaces have an entity type of this name. */
  readonly #homonyms = new Map<string, number>();

  constructor(schemas: readonly CsdlSchema[]) {
    for (const schema of schemas) {
      for (const kind of ['EntityType', 'Association', 'TypeDefinition'] as const) {
        for (const element of childrenOf(schema.element, kind).map(elementOf)) {
          const name = attributeOf(element, 'Name');
          if (name === undefined) continue;
          const typed = { element, schema };
          if (kind === 'EntityType') this.#homonyms.set(name, (this.#homonyms.get(name) ?? 0) + 1);
          this.#byName.set(`${kind} ${schema.namespace}.${name}`, typed);
          if (schema.alias === undefined) continue;
          this.#byName.set(`${kind} ${schema.alias}.${name}`, typed);
        }
      }
    }
  }

  find(kind: Kind, name: string): TypedElement | undefined {
    return this.#byName.get(`${kind} ${name}`);
  }

  /** A type and those that it is derived from, the most derived first. A circle ends it. */
  lineageOf(kind: Kind, name: string): TypedElement[] {
    const lineage: TypedElement[] = [];
    let found = this.find(kind, name);
    while (found && !lineage.includes(found)) {
      lineage.push(found);
      const base = attributeOf(found.element, 'BaseType');
      found = base === undefined ? undefined : this.find(kind, base);
    }
    return lineage;
  }

  /**
   * What an entity type is called: `Account`; `Sales.Account` where another namespace has one, too.
   *
   * @param qualified - its name with a namespace or an alias.
   */
  entityNameOf(qualified: string): string {
    const name = withoutNamespace(qualified);
    const found = this.find('EntityType', qualified);
    const isUnique = found === undefined || this.#homonyms.get(name) === 1;
    return isUnique ? name : `${found.schema.namespace}.${name}`;
  }

  /**
   * `Collection(Self.Account)` as its elements' type, and that it is one; Edm's keep their prefix. A
   * type definition is what it stands for, and says so much of its own as the `definition`.
   */
  typeOf(name: string): {
    readonly type: string;
    readonly isCollection: boolean;
    readonly definition?: XmlElement;
  } {
    const { qualified, isCollection } = elementTypeOf(name);
    const definition = this.find('TypeDefinition', qualified)?.element;
    const type = (definition && attributeOf(definition, 'UnderlyingType')) ?? qualified;
    return {
      type: type.startsWith('Edm.') ? type : withoutNamespace(type),
      isCollection,
      ...(definition && { definition }),
    };
  }
}

/** `Collection(Self.Account)` as the qualified name of its elements' type, and that it is one. */
export function elementTypeOf(name: string): {
  readonly qualified: string;
  readonly isCollection: boolean;
} {
  const element = /^Collection\((.*)\)$/.exec(name)?.[1];
  return { qualified: element ?? name, isCollection: element !== undefined };
}

/** `Microsoft.Crm.Account` is `Account`. */
function withoutNamespace(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
