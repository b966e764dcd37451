import type { IncomingHttpHeaders } from 'node:http';
import type { LegacyValue } from '../../entity';
import { CrmError, notSupported } from '../crm-error';
import type { EntityModel, PropertyModel } from '../entity-model';

/** Finds the name of the record that a lookup points to; null when there is none. */
export type NameOf = (property: PropertyModel, key: string) => string | null;

/** A request as a face sees it. */
export interface FaceRequest {
  /** The logical operation: a 2011 POST with `X-HTTP-Method: MERGE` is `MERGE`. */
  readonly method: string;
  /** The service root as the client addressed it, without slash at the end. */
  readonly root: string;
  /** Length of the whole URL, encoded. */
  readonly urlLength: number;
  /** Below the root, decoded, without the slash before it. */
  readonly path: string;
  /** The query, decoded. */
  readonly options: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  /** As it came; empty for none. */
  readonly body: string;
  /** The request stands in a batch. */
  readonly isPart?: boolean;
}

/** An answer before it is written out. */
export interface FaceAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written out as JSON; left out for an empty body. */
  readonly json?: unknown;
  /** Written out as it is; needs a `content-type` among the headers. */
  readonly text?: string;
  /** Not written out: the record that was written, below the root (`accounts(c5f2…)`). */
  readonly address?: string;
}

/** One of the two services over the store. */
export interface Face {
  readonly name: 'dynamics2011' | 'dataverse';
  /** `/api/data/v9.2` */
  readonly rootPath: string;
  /** Whether there is a `$batch`. */
  readonly takesBatches: boolean;
  /** @throws CrmError when the request is refused. */
  handle(request: FaceRequest): FaceAnswer;
  /** An error in the face's own shape; `code` as the face writes codes. */
  error(status: number, code: string, message: string): FaceAnswer;
  /** How the face writes a code: `-2147220969`, `0x80040217`. */
  writeCode(code: number | null): string;
}

/** The parts of `AccountSet(guid'…')/more`. */
export interface ResourcePath {
  readonly set: string;
  /** What stands in the parentheses; undefined without them. */
  readonly key: string | undefined;
  /** Behind the next slash; undefined without one. */
  readonly rest: string | undefined;
}

/** Split the path of a resource; undefined when it has another form. */
export function resourcePath(path: string): ResourcePath | undefined {
  const match = /^([^(/]+)(?:\((.*?)\))?(?:\/(.*))?$/.exec(path);
  if (match === null) return undefined;
  return { set: match[1] ?? '', key: match[2], rest: match[3] };
}

/**
 * Read `$top`, `$skip` and the like.
 *
 * @throws CrmError when it is no whole number.
 */
export function countOption(
  options: ReadonlyMap<string, string>,
  name: string,
): number | undefined {
  const text = options.get(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) {
    throw new CrmError('badQuery', `Incorrect format for ${name} argument '${text}'.`);
  }
  return Number(text);
}

/**
 * Refuse query options that a face does not know; options without `$` are the application's own.
 *
 * @throws CrmError for the first one that is not in the list.
 */
export function checkOptions(options: ReadonlyMap<string, string>, known: readonly string[]): void {
  for (const name of options.keys()) {
    if (name.startsWith('$') && !known.includes(name)) {
      throw new CrmError(
        'badQuery',
        `The query parameter ${name} is not supported; there are ${known.join(', ')}.`,
      );
    }
  }
}

/** Write query options, encoded, with the question mark. */
export function queryString(options: ReadonlyMap<string, string>): string {
  const pairs = [...options].map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/**
 * Read a body as a JSON object.
 *
 * @throws CrmError when it is none, or the request does not call it JSON.
 */
export function jsonObject(request: FaceRequest): Record<string, unknown> {
  if (!(request.headers['content-type'] ?? '').includes('application/json')) {
    throw new CrmError('unsupportedMediaType', 'The body must come as application/json.');
  }
  const body = parseJson(request.body);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new CrmError('badPayload', 'The body is not a JSON object.');
  }
  return { ...body };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CrmError('badPayload', 'The body is not JSON.');
  }
}

/** @throws CrmError for writing links of a many-to-many relationship as if they were records. */
export function refuseWritingLinks(model: EntityModel, method: string): void {
  if (model.ends.length === 0 || method === 'GET') return;
  const names: Partial<Record<string, 'Create' | 'Delete'>> = { POST: 'Create', DELETE: 'Delete' };
  throw notSupported(names[method] ?? 'Update', model);
}

/** The refusal for a property that an entity does not have. */
export function unknownProperty(model: EntityModel, name: string): CrmError {
  return new CrmError(
    'badPayload',
    `The property name '${name}' specified for type '${model.schemaName}' is not valid.`,
  );
}

/** Let through what a property can hold at all; whether it fits is for the store to say. */
export function asLegacyValue(property: PropertyModel, value: unknown): LegacyValue {
  if (value === null || value instanceof Date) return value;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  throw new CrmError('badPayload', `${property.name} does not take an object or a list.`);
}
