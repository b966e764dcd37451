/** The models of the histories; each record is known by its name, which is never changed. */
export type ModelName = 'Organisation' | 'Contact';

/** A value of a record; a link holds the name of the record that it leads to. */
export type Cell = string | number | null;

/** Values by attribute. */
export type Cells = Readonly<Record<string, Cell>>;

/** Every attribute but the name, and the property that the CRM keeps it in. */
export interface Shape {
  readonly logicalName: string;
  readonly key: string;
  readonly name: { readonly attribute: string; readonly property: string };
  readonly texts: Readonly<Record<string, string>>;
  readonly numbers: Readonly<Record<string, string>>;
  /** The attribute that leads to an organisation. */
  readonly link: { readonly attribute: string; readonly property: string };
}

/** What the histories know of the two models: written down once more on purpose. */
export const shapes: Readonly<Record<ModelName, Shape>> = {
  Organisation: {
    logicalName: 'account',
    key: 'AccountId',
    name: { attribute: 'name', property: 'Name' },
    texts: { description: 'Description', telephone: 'Telephone1' },
    numbers: { employees: 'NumberOfEmployees' },
    link: { attribute: 'parentId', property: 'ParentAccountId' },
  },
  Contact: {
    logicalName: 'contact',
    key: 'ContactId',
    name: { attribute: 'lastName', property: 'LastName' },
    texts: { jobTitle: 'JobTitle', email: 'EMailAddress1' },
    numbers: {},
    link: { attribute: 'organisationId', property: 'ParentCustomerId' },
  },
};

/** Both models; the one that others refer to comes first. */
export const modelNames: readonly ModelName[] = ['Organisation', 'Contact'];

/** The model of a record by its name: `O12` and `C3`. */
export function modelOf(name: string): ModelName {
  return name.startsWith('O') ? 'Organisation' : 'Contact';
}

/** The attribute that links a record to an organisation. */
export function linkOf(name: string): string {
  return shapes[modelOf(name)].link.attribute;
}

/** What is there: the cells of each record by its name. */
export type State = ReadonlyMap<string, Cells>;

/** One write of the application, with all values. */
export type Write =
  | {
      readonly do: 'create';
      readonly how: 'create' | 'bulkCreate' | 'findOrCreate' | 'upsert';
      /** With the local keys that the records get. */
      readonly records: readonly { readonly name: string; readonly id: string; cells: Cells }[];
    }
  | {
      readonly do: 'set';
      readonly how: 'save' | 'stale save' | 'static' | 'upsert' | 'setter';
      readonly names: readonly string[];
      readonly cells: Cells;
    }
  | {
      readonly do: 'add';
      readonly how: 'instance' | 'static';
      readonly names: readonly string[];
      readonly by: number;
    }
  | {
      readonly do: 'destroy';
      readonly how: 'instance' | 'static';
      readonly names: readonly string[];
    };

function withCells(state: State, name: string, cells: Cells): State {
  const known = state.get(name);
  return known ? new Map(state).set(name, { ...known, ...cells }) : state;
}

/** The state after one more write. */
export function after(state: State, write: Write): State {
  switch (write.do) {
    case 'create':
      return new Map([...state, ...write.records.map(({ name, cells }) => [name, cells] as const)]);
    case 'set':
      return write.names.reduce((now, name) => withCells(now, name, write.cells), state);
    case 'add':
      return write.names.reduce((now, name) => {
        const employees = Number(now.get(name)?.employees) + write.by;
        return withCells(now, name, { employees });
      }, state);
    case 'destroy':
      return without(state, write.names);
  }
}

/** The state without some records. */
export function without(state: State, names: readonly string[]): State {
  return new Map([...state].filter(([name]) => !names.includes(name)));
}

/** Two states are the same when this is the same. */
export function identityOf(state: State): string {
  const sorted = [...state].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(
    sorted.map(([name, cells]) => [
      name,
      Object.entries(cells).sort(([a], [b]) => (a < b ? -1 : 1)),
    ]),
  );
}

/** Every record that another one leads to. */
export function referredTo(state: State): Set<string> {
  const links = [...state].map(([name, cells]) => cells[linkOf(name)]);
  return new Set(links.filter((link) => typeof link === 'string'));
}
