import type { Calls } from '../calls';
import type { CallOptions } from '../client';
import { createdKey } from '../created-key';
import type { Dialect, DialectRequest } from '../dialects/dialect';
import { normalisedGuid } from '../dialects/guid';
import { LegacyRequestError } from '../errors';
import { writeJson } from '../exact-json';
import { type Answer, logicalMethod } from '../exchanger';
import type { HttpRequestPart } from '../multipart/http-part';
import { checkedPart, writeBatch } from '../multipart/write-batch';
import { redactedUrl } from '../urls';
import { type ChangesetRequest, readChangeset } from './changeset-answer';
import { type BatchOperation, type BatchResult, changesNothing, requestOf } from './operation';

/** What {@link sendBatch} works with. */
export interface BatchParts {
  readonly root: string;
  readonly dialect: Dialect;
  readonly calls: Calls;
}

/** An operation that changes something, ready to be sent. */
interface Member {
  readonly operation: BatchOperation;
  readonly part: HttpRequestPart;
  readonly request: ChangesetRequest;
}

/**
 * Send operations as one changeset.
 *
 * @throws LegacyError
 */
export async function sendBatch(
  parts: BatchParts,
  operations: readonly BatchOperation[],
  options: CallOptions,
): Promise<BatchResult[]> {
  const members = membersOf(parts, operations);
  const results: BatchResult[] = operations.map(() => ({}));
  if (members.length === 0) return results;
  const requests = members.map(({ request }) => request);
  const answer = await parts.calls.send({ entitySet: '$batch' }, batchRequest(parts, members), {
    ...options,
    repeatable: false,
    readParts: (received, judged) => readChangeset(received, judged, requests),
  });
  for (const [position, { operation, request }] of members.entries()) {
    const part = answer.parts[position];
    if (part !== undefined) results[request.index] = resultOf(parts.calls, operation, part);
  }
  return results;
}

function membersOf(parts: BatchParts, operations: readonly BatchOperation[]): Member[] {
  const members = operations
    .map((operation, index) => memberOf(parts, operation, index))
    .filter((member) => member !== undefined);
  const { dialect } = parts;
  if (members.length === 0 || (dialect.batch && members.length <= dialect.maxBatch)) return members;
  const problem = dialect.batch
    ? `${members.length} operations are more than the ${dialect.maxBatch} of one changeset: send ` +
      'them in several, which are not applied together'
    : `${dialect.name} has no $batch: send the operations one by one`;
  const url = `${parts.root}/$batch`;
  throw new LegacyRequestError(problem, { method: 'POST', url, outcome: 'refused' });
}

function memberOf(parts: BatchParts, operation: BatchOperation, index: number): Member | undefined {
  if (changesNothing(operation)) return undefined;
  const { root, calls } = parts;
  const { kind } = operation;
  try {
    const request = calls.fitting((choices) => requestOf(parts, operation, choices));
    const contentId = String(index + 1);
    const part = checkedPart({ ...partOf(parts, request), contentId });
    const url = redactedUrl(`${root}/${request.path}`);
    const told = { contentId, index, method: part.method, redactedUrl: url };
    return { operation, part, request: told };
  } catch (error) {
    const { entitySet } = 'link' in operation ? operation.link.from : operation.entity;
    throw calls.unspelled(error, { entitySet, method: METHODS[kind], index });
  }
}

const METHODS = {
  create: 'POST',
  update: 'MERGE',
  delete: 'DELETE',
  associate: 'POST',
  disassociate: 'DELETE',
} as const;

/** NOTE: within a batch no proxy looks at the method, so MERGE needs no POST around it. */
function partOf({ root, dialect }: BatchParts, request: DialectRequest): HttpRequestPart {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => name !== 'X-HTTP-Method'),
  );
  const body = request.body === undefined ? undefined : writeJson(request.body);
  const address = dialect.partAddress(root, request.path);
  return { method: logicalMethod(request), address, headers, body };
}

function batchRequest({ dialect }: BatchParts, members: readonly Member[]): DialectRequest {
  const { contentType, text } = writeBatch([{ changeset: members.map(({ part }) => part) }]);
  const headers = { ...dialect.batchHeaders, 'Content-Type': contentType };
  return { method: 'POST', path: '$batch', headers, text };
}

function resultOf(calls: Calls, operation: BatchOperation, answer: Answer): BatchResult {
  if (operation.kind !== 'create' && operation.kind !== 'update') return {};
  const { kind, entity, key } = operation;
  const record = answer.body === undefined ? undefined : calls.record(entity, answer);
  const foreign = kind === 'update' && record !== undefined && record.key !== normalisedGuid(key);
  if (foreign) throw answer.unreadable('it holds another record than the one that was updated');
  if (record !== undefined) return { record, ...(kind === 'create' ? { key: record.key } : {}) };
  const created = kind === 'create' ? createdKey(answer.headers) : undefined;
  return created === undefined ? {} : { key: created };
}
