import { dynamics2011Metadata } from './dynamics2011-metadata';
import { answerMetadata } from './metadata-document';
import { CrmError } from '../crm-error';
import type { EntityModel } from '../entity-model';
import { bothOf, type Expression } from '../filter/expression';
import { cursorOf, Pager } from '../pager';
import { createWithAddresses } from '../store/account-addresses';
import type { Store } from '../store/store';
import type { Row } from '../store/row-list';
import { answerNavigation } from './dynamics2011-links';
import { filterOf, orderOf, readSkipToken, writeSkipToken } from './dynamics2011-query';
import { relationships, shapeOf, type Shape } from './dynamics2011-shape';
import { decodeBody, encodeRecord, typeName } from './dynamics2011-values';
import {
  checkOptions,
  countOption,
  jsonObject,
  queryString,
  refuseWritingLinks,
  resourcePath,
  type Face,
  type FaceAnswer,
  type FaceRequest,
  type NameOf,
} from './face';
import { parseGuid } from '../guid';

const jsonType = { 'content-type': 'application/json;charset=utf-8', dataserviceversion: '1.0' };
const recordOptions = ['$select', '$expand'];
/** NOTE: neither `$inlinecount` nor `$format`; the service never had them. */
const listOptions = [...recordOptions, '$filter', '$orderby', '$skip', '$top', '$skiptoken'];

/** The page size of the service; clients cannot ask for another. */
const servicePageSize = 50;
/** NOTE: a longer URL is answered with 404, as if the resource did not exist. */
const longestUrl = 2048;

/** Options of {@link Dynamics2011Face}. */
export interface Dynamics2011Options {
  readonly pageSize?: number | undefined;
  /** Whether a create may name its key. */
  readonly clientKeys: boolean;
}

/** `/XRMServices/2011/OrganizationData.svc`: OData 2 in JSON. */
export class Dynamics2011Face implements Face {
  readonly name = 'dynamics2011';
  readonly rootPath = '/XRMServices/2011/OrganizationData.svc';
  readonly takesBatches = false;
  private readonly pager = new Pager();

  constructor(
    private readonly store: Store,
    private readonly options: Dynamics2011Options,
  ) {}

  handle(request: FaceRequest): FaceAnswer {
    if (request.urlLength > longestUrl) return pageNotFound();
    // NOTE: $batch is no resource of this service, so it falls through to the 404.
    if (request.path === '$metadata') return answerMetadata(this.store, dynamics2011Metadata);
    const path = resourcePath(request.path);
    const model = [...this.store.models.values()].find(({ setName }) => setName === path?.set);
    if (path === undefined || model === undefined) throw notFound(request.path);
    if (path.key === undefined && path.rest !== undefined) throw notFound(request.path);
    if (path.key === undefined) return this.onSet(model, request);
    const guid = guidIn(path.key);
    if (path.rest === undefined) return this.onRecord(model, guid, request);
    const list = this.list.bind(this);
    const navigation = { model, key: guid, rest: path.rest, request };
    return answerNavigation({ store: this.store, headers: jsonType, list }, navigation);
  }

  error(status: number, code: string, message: string): FaceAnswer {
    const json = { error: { code, message: { lang: 'en-US', value: message } } };
    return { status, headers: jsonType, json };
  }

  writeCode(code: number | null): string {
    return code === null ? '' : String(code);
  }

  private onSet(model: EntityModel, request: FaceRequest): FaceAnswer {
    refuseWritingLinks(model, request.method);
    if (request.method === 'GET') return this.list(model, request);
    if (request.method === 'POST') return this.create(model, request);
    throw new CrmError('methodNotAllowed', `A set cannot be used with ${request.method}.`);
  }

  private onRecord(model: EntityModel, key: string, request: FaceRequest): FaceAnswer {
    refuseWritingLinks(model, request.method);
    switch (request.method) {
      case 'GET': {
        checkOptions(request.options, recordOptions);
        const shape = shapeOf(model, request.options, (property) => this.store.targetOf(property));
        return this.ok(this.encode(model, this.store.get(model, key), { shape, request }));
      }
      case 'MERGE':
        this.store.update(model, key, decodeBody(model, jsonObject(request)));
        return { status: 204, headers: { dataserviceversion: '1.0' } };
      case 'PUT':
        this.store.update(model, key, {
          ...emptied(model),
          ...decodeBody(model, jsonObject(request)),
        });
        return { status: 204, headers: { dataserviceversion: '1.0' } };
      case 'DELETE':
        this.store.delete(model, key);
        return { status: 204, headers: { dataserviceversion: '1.0' } };
      default:
        throw new CrmError('methodNotAllowed', `A record cannot be used with ${request.method}.`);
    }
  }

  private list(model: EntityModel, request: FaceRequest, within?: Expression): FaceAnswer {
    const { options } = request;
    checkOptions(options, listOptions);
    const shape = shapeOf(model, options, (property) => this.store.targetOf(property));
    const order = orderOf(model, options);
    const token = options.get('$skiptoken');
    const from = token === undefined ? undefined : readSkipToken(token, order);
    const top = countOption(options, '$top') ?? Infinity;
    const pageSize = this.options.pageSize ?? servicePageSize;
    const table = this.store.table(model);
    const { rows, hasMore } = this.pager.page(table, {
      filter: bothOf(within, filterOf(model, options)),
      order,
      after: from?.after,
      skip: countOption(options, '$skip') ?? 0,
      limit: Math.min(pageSize, top),
    });
    const results = rows.map((row) => this.encode(model, row, { shape, request }));
    const [first, last] = [rows[0], rows.at(-1)];
    if (!hasMore || top <= pageSize || first === undefined || last === undefined) {
      return this.ok({ results });
    }
    const skipToken = writeSkipToken(model, (from?.page ?? 0) + 1, {
      order,
      first: cursorOf(order, first),
      last: cursorOf(order, last),
    });
    return this.ok({
      results,
      __next: nextAddress(request, { skipToken, left: top - pageSize }),
    });
  }

  private create(model: EntityModel, request: FaceRequest): FaceAnswer {
    const { [model.key.name]: key, ...values } = decodeBody(model, jsonObject(request));
    const given =
      this.options.clientKeys && typeof key === 'string' ? { [model.key.name]: key } : {};
    const row = createWithAddresses(this.store, model, { ...values, ...given });
    const shape = { select: undefined, expand: [] };
    const json = { d: this.encode(model, row, { shape, request }) };
    const location = recordAddress(model, row, request.root);
    return { status: 201, headers: { ...jsonType, location }, json };
  }

  private ok(d: unknown): FaceAnswer {
    return { status: 200, headers: jsonType, json: { d } };
  }

  private encode(
    model: EntityModel,
    row: Row,
    { shape, request }: { readonly shape: Shape; readonly request: FaceRequest },
  ): Record<string, unknown> {
    const nameOf: NameOf = (property, key) => this.store.nameOf(property, key);
    const uri = recordAddress(model, row, request.root);
    // NOTE: no etag among the metadata, and no ETag header: there is no optimistic lock here.
    const encoded: Record<string, unknown> = {
      __metadata: { uri, type: typeName(model) },
      ...encodeRecord(model, row.values, { nameOf, select: shape.select }),
    };
    if (shape.select === undefined) {
      for (const { name } of [...relationships(model), ...model.manyToMany]) {
        encoded[name] = { __deferred: { uri: `${uri}/${name}` } };
      }
    }
    for (const { name, property, select } of shape.expand) {
      const target = this.store.targetOf(property);
      const key = row.values[property.name];
      const other = typeof key === 'string' ? this.store.find(target, key) : undefined;
      const inner = { shape: { select, expand: [] }, request };
      encoded[name] = other === undefined ? null : this.encode(target, other, inner);
    }
    return encoded;
  }
}

function notFound(segment: string): CrmError {
  return new CrmError('notFoundOnServer', `Resource not found for the segment '${segment}'.`);
}

/** Read `guid'c5f2…'`. */
function guidIn(text: string): string {
  const guid = parseGuid(/^guid'(.*)'$/.exec(text)?.[1] ?? '');
  if (guid !== undefined) return guid;
  throw new CrmError('badRequest', 'Bad Request - Error in query syntax.');
}

function recordAddress(model: EntityModel, row: Row, root: string): string {
  return `${root}/${model.setName}(guid'${row.key}')`;
}

/** What a PUT leaves out, it empties. */
function emptied(model: EntityModel): Record<string, null> {
  const data = [...model.properties.values()].filter(({ role }) => role === 'data');
  return Object.fromEntries(data.map(({ name }) => [name, null]));
}

function nextAddress(
  { root, path, options }: FaceRequest,
  next: { readonly skipToken: string; readonly left: number },
): string {
  const carried = new Map(options);
  carried.delete('$skip');
  if (carried.has('$top')) carried.set('$top', String(next.left));
  carried.set('$skiptoken', next.skipToken);
  return `${root}/${path}${queryString(carried)}`;
}

function pageNotFound(): FaceAnswer {
  return {
    status: 404,
    headers: { 'content-type': 'text/html' },
    text: '<html><head><title>404 - File or directory not found.</title></head><body></body></html>',
  };
}
