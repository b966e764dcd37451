/** Pages of one entity set, as the sandbox has sent them. */
export interface SamplePages {
  readonly pages: readonly string[];
  /** Serve any number of records like these, in place of these. */
  readonly isMade: boolean;
  readonly key: string;
  readonly createdOn: string;
}

/** By entity set. */
export type PagedSets = Readonly<Record<string, SamplePages>>;

/** Minutes between two creations. */
const everyMs = 60_000;
const firstMs = Date.UTC(2012, 0, 2);

/** When a made record was created. */
function createdAt(index: number): Date {
  return new Date(firstMs + index * everyMs);
}

/** The first made record that was created at a time or later. */
export function firstSince(time: Date): number {
  return Math.max(0, Math.ceil((time.getTime() - firstMs) / everyMs));
}

/** What stands at a place of a page for the sample's record, and takes that of a made one. */
interface Place {
  readonly at: number;
  readonly sample: number;
  readonly what: 'key' | 'created';
}

interface Template {
  readonly bytes: Buffer;
  readonly places: readonly Place[];
  readonly records: number;
}

const guid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/**
 * Makes pages from those of a sample: the same bytes, with the keys of records, of their parents, and
 * the times of creation in their places. So a page costs little, and is the same each time.
 */
export class PageMaker {
  readonly #templates: Template[];
  readonly #sampleSize: number;
  readonly #isJsonDate: boolean;

  constructor({ pages, key, createdOn }: SamplePages) {
    const samples = pages.map((page) => elementsOf(page));
    this.#isJsonDate = String(samples[0]?.[0]?.[createdOn]).startsWith('/');
    const numbers = new Map(samples.flat().map((record, at) => [String(record[key]), at]));
    this.#sampleSize = numbers.size;
    this.#templates = samples.map((records) => templateOf(records, { key, createdOn, numbers }));
  }

  /** Records of a page. */
  get pageSize(): number {
    return this.#templates[0]?.records ?? 0;
  }

  /** The elements of a page that begins at a multiple of the page size. */
  make(first: number): Buffer {
    const sampleAt = first % this.#sampleSize;
    const template = this.#templates[Math.floor(sampleAt / this.pageSize)];
    if (!template) throw new RangeError('There is no such page.');
    const bytes = Buffer.from(template.bytes);
    const block = first - sampleAt;
    for (const { at, sample, what } of template.places) {
      const text = what === 'key' ? keyOf(block + sample) : this.#timeOf(block + sample);
      bytes.write(text, at, 'latin1');
    }
    return bytes;
  }

  #timeOf(index: number): string {
    const time = createdAt(index);
    return this.#isJsonDate
      ? `/Date(${time.getTime()})/`
      : time.toISOString().replace('.000Z', 'Z');
  }
}

/** Unlike neighbours have neighbouring keys, as in a table whose keys are random. */
function keyOf(index: number): string {
  const mixed = (Math.imul(index + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  return `${mixed}-f1c7-4000-8000-${index.toString(16).padStart(12, '0')}`;
}

type Element = Readonly<Record<string, unknown>>;

function elementsOf(page: string): Element[] {
  const { d, value } = JSON.parse(page) as { d?: { results: Element[] }; value?: Element[] };
  return d?.results ?? value ?? [];
}

function templateOf(
  records: readonly Element[],
  {
    key,
    createdOn,
    numbers,
  }: { key: string; createdOn: string; numbers: ReadonlyMap<string, number> },
): Template {
  const text = records.map((record) => JSON.stringify(record)).join(',');
  const places: Place[] = [];
  for (const match of text.matchAll(guid)) {
    const sample = numbers.get(match[0]);
    if (sample !== undefined) places.push(placeOf(text, match.index, { sample, what: 'key' }));
  }
  let from = 0;
  for (const record of records) {
    const sample = numbers.get(String(record[key])) ?? 0;
    const start = text.indexOf(`"${createdOn}":"`, from) + createdOn.length + 4;
    places.push(placeOf(text, start, { sample, what: 'created' }));
    from = start;
  }
  return { bytes: Buffer.from(text), places, records: records.length };
}

function placeOf(text: string, index: number, place: Omit<Place, 'at'>): Place {
  return { at: Buffer.byteLength(text.slice(0, index)), ...place };
}
