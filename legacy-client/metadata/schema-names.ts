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

type Kind = 'EntityType' | 'Association';

/** The value of an attribute; undefined where it is missing. */
export function attributeOf(element: XmlElement, name: string): string | undefined {
  const value = element[`@${name}`];
  return typeof value === 'string' ? value : undefined;
}

/** Finds what the names in a document stand for: `Microsoft.Crm.Account`, `Self.Account`. */
export class TypeNames {
  readonly #byName = new Map<string, TypedElement>();

  constructor(schemas: readonly CsdlSchema[]) {
    for (const schema of schemas) {
      for (const kind of ['EntityType', 'Association'] as const) {
        for (const element of childrenOf(schema.element, kind).map(elementOf)) {
          const name = attributeOf(element, 'Name');
          if (name === undefined) continue;
          const typed = { element, schema };
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

  /** `Collection(Self.Account)` as its elements' type, and that it is one; Edm's keep their prefix. */
  typeOf(name: string): { readonly type: string; readonly isCollection: boolean } {
    const element = /^Collection\((.*)\)$/.exec(name)?.[1];
    const type = element ?? name;
    return {
      type: type.startsWith('Edm.') ? type : withoutNamespace(type),
      isCollection: element !== undefined,
    };
  }
}

/** `Microsoft.Crm.Account` is `Account`. */
export function withoutNamespace(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
