import { dataverseMetadata } from './dataverse-metadata';
import { answerMetadata } from './metadata-document';
import { CrmError } from '../crm-error';
import type { EntityModel, PropertyModel } from '../entity-model';
import { bothOf, type Expression } from '../filter/expression';
import { countUpTo, cursorOf, Pager } from '../pager';
import { createWithAddresses } from '../store/account-addresses';
import type { Store } from '../store/store';
import type { Row } from '../store/row-list';
import { sandboxIdentity } from '../whoami';
import {
  filterOf,
  orderOf,
  readSkipToken,
  selectionOf,
  writeSkipToken,
  type Selection,
} from './dataverse-query';
import { addressedBy } from './dataverse-address';
import { answerChanges } from './dataverse-changes';
import { answerNavigation } from './dataverse-links';
import { decodeBody, encodeRow, etagOf, isIeee754Compatible } from './dataverse-values';
import {
  checkOptions,
  countOption,
  jsonObject,
  queryString,
  refuseWritingLinks,
  type Face,
  type FaceAnswer,
  type FaceRequest,
} from './face';
import { preferencesOf } from './preferences';
import { checkPreconditions, ifNoneMatch } from './preconditions';

const odataVersion = { 'odata-version': '4.0' };
const jsonType = {
  ...odataVersion,
  'content-type': 'application/json; odata.metadata=minimal',
};
const recordOptions = ['$select', '$expand'];
/** NOTE: no `$skip`; the service refuses it. */
const listOptions = [...recordOptions, '$filter', '$orderby', '$top', '$count', '$skiptoken'];

/** Largest page, and where counts stop counting. */
const serviceLimit = 5000;

/** Options of {@link DataverseFace}. */
export interface DataverseOptions {
  readonly pageSize?: number | undefined;
  /** Whether a POST may name its key; a PATCH always does. */
  readonly clientKeys: boolean;
}

type Encoder = (model: EntityModel, row: Row) => Record<string, unknown>;

/** How one record is answered. */
interface SingleAnswer {
  readonly request: FaceRequest;
  readonly selection: Selection;
  readonly status: number;
}

/** `/api/data/v9.2`: OData 4 in JSON. */
export class DataverseFace implements Face {
  readonly name = 'dataverse';
  readonly rootPath = '/api/data/v9.2';
  readonly takesBatches = true;
  private readonly pager = new Pager();

  constructor(
    private readonly store: Store,
    private readonly options: DataverseOptions,
  ) {}

  handle(request: FaceRequest): FaceAnswer {
    if (/^WhoAmI(?:\(\))?$/.test(request.path)) return whoAmI(request);
    if (request.path === '$metadata') return answerMetadata(this.store, dataverseMetadata);
    const { model, key, rest } = addressedBy(request, (name) => this.bySet(name));
    if (key === undefined) {
      return rest === undefined ? this.onSet(model, request) : this.count(model, request);
    }
    if (rest === undefined) return this.onRecord(model, key, request);
    const list = this.list.bind(this);
    const navigation = { model, key, rest, request };
    return answerNavigation({ store: this.store, headers: jsonType, list }, navigation);
  }

  error(status: number, code: string, message: string): FaceAnswer {
    return { status, headers: jsonType, json: { error: { code, message } } };
  }

  writeCode(code: number | null): string {
    return code === null ? '0x0' : `0x${(code >>> 0).toString(16).padStart(8, '0')}`;
  }

  private onSet(model: EntityModel, request: FaceRequest): FaceAnswer {
    refuseWritingLinks(model, request.method);
    if (request.method === 'GET') return this.list(model, request);
    if (request.method !== 'POST') {
      throw new CrmError('methodNotAllowed', `A set cannot be used with ${request.method}.`);
    }
    const { [model.key.name]: key, ...values } = this.decode(model, request);
    const given =
      this.options.clientKeys && typeof key === 'string' ? { [model.key.name]: key } : {};
    const row = createWithAddresses(this.store, model, { ...values, ...given });
    return this.written(model, row, { request, isNew: true });
  }

  private onRecord(model: EntityModel, key: string, request: FaceRequest): FaceAnswer {
    refuseWritingLinks(model, request.method);
    switch (request.method) {
      case 'GET':
        return this.get(model, key, request);
      case 'PATCH':
        return this.upsert(model, key, request);
      case 'DELETE':
        checkPreconditions(request.headers, this.store.find(model, key), {
          logicalName: model.logicalName,
          key,
        });
        this.store.delete(model, key);
        return { status: 204, headers: odataVersion };
      default:
        throw new CrmError('methodNotAllowed', `A record cannot be used with ${request.method}.`);
    }
  }

  private get(model: EntityModel, key: string, request: FaceRequest): FaceAnswer {
    checkOptions(request.options, recordOptions);
    const selection = this.selection(model, request);
    const row = this.store.get(model, key);
    // NOTE: the service never answers 304 to a request with $expand or annotations.
    const isPlain = selection.expand.length === 0 && request.headers.prefer === undefined;
    if (isPlain && ifNoneMatch(request.headers) === etagOf(row)) {
      return { status: 304, headers: { ...odataVersion, etag: etagOf(row) } };
    }
    return this.single(model, row, { request, selection, status: 200 });
  }

  private upsert(model: EntityModel, key: string, request: FaceRequest): FaceAnswer {
    const before = this.store.find(model, key);
    checkPreconditions(request.headers, before, { logicalName: model.logicalName, key });
    const values = this.decode(model, request);
    if (before !== undefined) {
      const row = this.store.update(model, key, values);
      return this.written(model, row, { request, isNew: false });
    }
    const row = createWithAddresses(this.store, model, { ...values, [model.key.name]: key }, key);
    return this.written(model, row, { request, isNew: true });
  }

  private list(model: EntityModel, request: FaceRequest, within?: Expression): FaceAnswer {
    const { options } = request;
    const { maxPageSize, tracksChanges } = preferencesOf(request.headers);
    if (tracksChanges || options.has('$deltatoken')) return this.changes(model, request);
    checkOptions(options, listOptions);
    const selection = this.selection(model, request);
    const order = orderOf(model, options);
    const filter = bothOf(within, filterOf(model, options));
    const table = this.store.table(model);
    // NOTE: $top is passed over when a page size is preferred; alone it ends the answer.
    const top = maxPageSize === undefined ? countOption(options, '$top') : undefined;
    const pageSize = Math.min(
      top ?? maxPageSize ?? this.options.pageSize ?? serviceLimit,
      serviceLimit,
    );
    const { rows, hasMore } = this.pager.page(table, {
      filter,
      order,
      after: readSkipToken(options.get('$skiptoken'), order),
      skip: 0,
      limit: pageSize,
    });
    const answer: Record<string, unknown> = {
      '@odata.context': `${request.root}/$metadata#${model.collectionName}`,
    };
    if (options.get('$count') === 'true') {
      answer['@odata.count'] = countUpTo(table, filter, serviceLimit);
    }
    const encode = this.encoder(request, selection);
    answer.value = rows.map((row) => encode(model, row));
    const last = rows.at(-1);
    if (hasMore && top === undefined && last !== undefined) {
      const next = new Map(options).set('$skiptoken', writeSkipToken(cursorOf(order, last)));
      answer['@odata.nextLink'] = `${request.root}/${request.path}${queryString(next)}`;
    }
    const headers: Record<string, string> = { ...jsonType };
    if (maxPageSize !== undefined) {
      headers['preference-applied'] = `odata.maxpagesize=${String(maxPageSize)}`;
    }
    return { status: 200, headers, json: answer };
  }

  private changes(model: EntityModel, request: FaceRequest): FaceAnswer {
    checkOptions(request.options, [...listOptions, '$deltatoken']);
    const { maxPageSize, tracksChanges } = preferencesOf(request.headers);
    const pageSize = Math.min(maxPageSize ?? this.options.pageSize ?? serviceLimit, serviceLimit);
    const encode = this.encoder(request, this.selection(model, request));
    const headers: Record<string, string> = { ...jsonType };
    if (tracksChanges) headers['preference-applied'] = 'odata.track-changes';
    return answerChanges(this.store, model, { request, headers, pageSize, encode });
  }

  private count(model: EntityModel, request: FaceRequest): FaceAnswer {
    checkOptions(request.options, ['$filter']);
    if (request.method !== 'GET') {
      throw new CrmError('methodNotAllowed', `$count cannot be used with ${request.method}.`);
    }
    const filter = filterOf(model, request.options);
    const text = String(countUpTo(this.store.table(model), filter, serviceLimit));
    return { status: 200, headers: { ...odataVersion, 'content-type': 'text/plain' }, text };
  }

  private written(
    model: EntityModel,
    row: Row,
    { request, isNew }: { readonly request: FaceRequest; readonly isNew: boolean },
  ): FaceAnswer {
    const address = `${model.collectionName}(${row.key})`;
    if (preferencesOf(request.headers).returnsRepresentation) {
      const selection = this.selection(model, request);
      const status = isNew ? 201 : 200;
      return { ...this.single(model, row, { request, selection, status }), address };
    }
    const headers = { ...odataVersion, 'odata-entityid': `${request.root}/${address}` };
    return { status: 204, headers, address };
  }

  private single(
    model: EntityModel,
    row: Row,
    { request, selection, status }: SingleAnswer,
  ): FaceAnswer {
    const context = `${request.root}/$metadata#${model.collectionName}/$entity`;
    const record = this.encoder(request, selection)(model, row);
    const json = { '@odata.context': context, ...record };
    const headers: Record<string, string> = { ...jsonType, etag: etagOf(row) };
    if (preferencesOf(request.headers).returnsRepresentation) {
      headers['preference-applied'] = 'return=representation';
    }
    return { status, headers, json };
  }

  /** What writes the records of one answer. */
  private encoder(request: FaceRequest, selection: Selection): Encoder {
    const { wantsAnnotation } = preferencesOf(request.headers);
    const options = {
      nameOf: (property: PropertyModel, key: string) => this.store.nameOf(property, key),
      wantsAnnotation,
      decimalsAsStrings: isIeee754Compatible(request.headers.accept),
    };
    return (model, row) => {
      const encoded = encodeRow(model, row, { ...options, select: selection.select });
      for (const { property, select } of selection.expand) {
        const target = this.store.targetOf(property);
        const key = row.values[property.name];
        const other = typeof key === 'string' ? this.store.find(target, key) : undefined;
        encoded[property.navigationName] =
          other === undefined ? null : encodeRow(target, other, { ...options, select });
      }
      return encoded;
    };
  }

  private decode(model: EntityModel, request: FaceRequest): ReturnType<typeof decodeBody> {
    return decodeBody(model, jsonObject(request), {
      entityBySet: (name) => this.bySet(name),
      decimalsAsStrings: isIeee754Compatible(request.headers['content-type']),
    });
  }

  private selection(model: EntityModel, request: FaceRequest): Selection {
    return selectionOf(model, request.options, (property) => this.store.targetOf(property));
  }

  private bySet(collectionName: string): EntityModel | undefined {
    return [...this.store.models.values()].find((model) => model.collectionName === collectionName);
  }
}

function whoAmI({ method, root }: FaceRequest): FaceAnswer {
  if (method !== 'GET') {
    throw new CrmError('methodNotAllowed', `WhoAmI cannot be used with ${method}.`);
  }
  const context = `${root}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse`;
  return {
    status: 200,
    headers: jsonType,
    json: { '@odata.context': context, ...sandboxIdentity },
  };
}
