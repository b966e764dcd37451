import { QueryTypes, type Sequelize } from 'sequelize';
import type { Mapping } from '../mapping';
import { localTable } from './local-table';
import type { Runtime } from './runtime';

/** What is asked about local rows. */
export interface LocalQuestion {
  /** Primary keys whose legacy keys are wanted. */
  readonly ids: ReadonlyMap<Mapping, ReadonlySet<unknown>>;
  /** Legacy keys that may have a tombstone, or be on the list of rejected records. */
  readonly keys: ReadonlyMap<Mapping, ReadonlySet<string>>;
}

/** The answer to a {@link LocalQuestion}, and perhaps to others. */
export interface LocalFacts {
  /** Null for a row that the legacy system does not have, undefined when there is no such row. */
  legacyKey(mapping: Mapping, id: unknown): string | null | undefined;
  /** There is a tombstone of this key, or its record was rejected. */
  isMarked(mapping: Mapping, key: string): boolean;
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A primary key as text: UUIDs compare without case, and only those. */
export function idText(id: unknown): string {
  const text = String(id);
  return uuid.test(text) ? text.toLowerCase() : text;
}

interface Waiting {
  readonly question: LocalQuestion;
  readonly resolve: (facts: LocalFacts) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Puts the small questions about local rows to PostgreSQL: all that are asked in one tick, or while
 * a statement is under way, in one statement. A question is never answered by a statement that was
 * sent before it was asked.
 */
export class LocalDesk {
  readonly #runtime: Runtime;
  #waiting: Waiting[] = [];
  #isOpen = false;

  private constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The one of a connection. */
  static of(runtime: Runtime): LocalDesk {
    const desk = desks.get(runtime.pool) ?? new LocalDesk(runtime);
    desks.set(runtime.pool, desk);
    return desk;
  }

  /** Ask outside of every transaction. */
  ask(question: LocalQuestion): Promise<LocalFacts> {
    const facts = new Promise<LocalFacts>((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
    });
    if (!this.#isOpen) void this.#serve();
    return facts;
  }

  async #serve(): Promise<void> {
    this.#isOpen = true;
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.#answer(this.#waiting.splice(0));
    }
    this.#isOpen = false;
  }

  async #answer(waiting: readonly Waiting[]): Promise<void> {
    try {
      const facts = await factsOf(this.#runtime, union(waiting.map(({ question }) => question)));
      for (const { resolve } of waiting) resolve(facts);
    } catch (error) {
      const [only] = waiting;
      if (waiting.length === 1) only?.reject(error);
      // One of them asked for what is no key at all: the others must not fail with it.
      else for (const one of waiting) await this.#answer([one]);
    }
  }
}

const desks = new WeakMap<Sequelize, LocalDesk>();

function union(questions: readonly LocalQuestion[]): LocalQuestion {
  const [only] = questions;
  if (only && questions.length === 1) return only;
  return { ids: unionOf(questions, 'ids'), keys: unionOf(questions, 'keys') };
}

function unionOf(
  questions: readonly LocalQuestion[],
  part: keyof LocalQuestion,
): Map<Mapping, Set<string>> {
  const sets = new Map<Mapping, Set<string>>();
  for (const question of questions) {
    for (const [mapping, values] of question[part]) {
      const set = sets.get(mapping) ?? new Set();
      sets.set(mapping, set);
      for (const value of values) set.add(String(value));
    }
  }
  return sets;
}

/** One SELECT of the statement; `bind` puts a value into its parameters. */
interface Part {
  readonly mapping: Mapping;
  readonly asksForMarks: boolean;
  sql(bind: (value: unknown) => string): string;
}

interface FactRow {
  readonly part: number;
  readonly id: string | null;
  readonly key: string | null;
}

async function factsOf(runtime: Runtime, question: LocalQuestion): Promise<LocalFacts> {
  const parts = [...(await idParts(runtime, question)), ...markParts(question)];
  const legacyKeys = new Map<Mapping, Map<string, string | null>>();
  const marked = new Map<Mapping, Map<string, true>>();
  for (const { part, id, key } of await rowsOf(runtime, parts)) {
    const of = parts[part];
    if (of?.asksForMarks && key !== null) inner(marked, of.mapping).set(key, true);
    else if (of) inner(legacyKeys, of.mapping).set(idText(id), key);
  }
  return {
    legacyKey: (mapping, id) => legacyKeys.get(mapping)?.get(idText(id)),
    isMarked: (mapping, key) => marked.get(mapping)?.has(key) ?? false,
  };
}

function inner<K, A, B>(maps: Map<K, Map<A, B>>, key: K): Map<A, B> {
  const map = maps.get(key) ?? new Map<A, B>();
  maps.set(key, map);
  return map;
}

/** One statement, whatever the number of keys. */
async function rowsOf(runtime: Runtime, parts: readonly Part[]): Promise<FactRow[]> {
  if (parts.length === 0) return [];
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const statements = parts.map((part, index) => `SELECT ${index} AS part, ${part.sql(bind)}`);
  return runtime.pool.query<FactRow>(statements.join('\nUNION ALL\n'), {
    bind: values,
    type: QueryTypes.SELECT,
    transaction: null,
  });
}

async function idParts(runtime: Runtime, { ids }: LocalQuestion): Promise<Part[]> {
  const parts: Part[] = [];
  for (const [mapping, wanted] of ids) {
    if (wanted.size === 0) continue;
    const { name, columns: t, primaryKeyType } = await localTable(runtime.pool, mapping);
    const sql: Part['sql'] = (bind) => `t.${t.primaryKey}::text AS id, t.${t.legacyId}::text AS key
  FROM ${name} t WHERE t.${t.primaryKey} = ANY (${bind([...wanted].map(String))}::${primaryKeyType}[])`;
    parts.push({ mapping, asksForMarks: false, sql });
  }
  return parts;
}

function markParts({ keys }: LocalQuestion): Part[] {
  const parts: Part[] = [];
  for (const [mapping, wanted] of keys) {
    if (wanted.size === 0) continue;
    const sql: Part['sql'] = (bind) => {
      const model = bind(mapping.name);
      // As a text, which is faster to make than a list; there is nothing to escape in UUIDs.
      const own = `legacy_id = ANY (${bind(`{${[...wanted].join()}}`)}::uuid[])`;
      return `NULL AS id, m.legacy_id::text AS key FROM (
  SELECT legacy_id FROM dual_write_known WHERE gone AND model = ${model} AND ${own}
  UNION ALL SELECT legacy_id FROM dual_write_rejected WHERE model = ${model} AND ${own}
) AS m`;
    };
    parts.push({ mapping, asksForMarks: true, sql });
  }
  return parts;
}
