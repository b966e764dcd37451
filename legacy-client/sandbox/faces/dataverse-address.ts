import { CrmError } from '../crm-error';
import type { EntityModel } from '../entity-model';
import { parseGuid } from '../guid';
import type { EntityBySet } from './dataverse-values';
import { resourcePath, type FaceRequest } from './face';

/** What a path speaks of. */
export interface Addressed {
  readonly model: EntityModel;
  /** Undefined for the whole set. */
  readonly key: string | undefined;
  /** What follows the record, or `$count` behind the set. */
  readonly rest: string | undefined;
}

const longestUrl = 32_768;
const longestUrlInBatch = 65_536;

/** @throws CrmError when there is no such resource, or its address is wrong or too long. */
export function addressedBy(request: FaceRequest, entityBySet: EntityBySet): Addressed {
  const longest = request.isPart === true ? longestUrlInBatch : longestUrl;
  if (request.urlLength > longest) throw new CrmError('uriTooLong', 'The URL is too long.');
  if (request.path === '$batch') throw misplacedBatch(request);
  const path = resourcePath(request.path);
  const model = entityBySet(path?.set ?? '');
  if (path === undefined || model === undefined) throw notFound(request.path);
  const { key, rest } = path;
  if (key === undefined && rest !== undefined && rest !== '$count') throw notFound(rest);
  return { model, key: key === undefined ? undefined : keyIn(model, key), rest };
}

function notFound(segment: string): CrmError {
  return new CrmError('notFoundOnServer', `Resource not found for the segment '${segment}'.`);
}

function misplacedBatch({ isPart }: FaceRequest): CrmError {
  return isPart === true
    ? new CrmError('badRequest', 'A batch cannot hold another batch.')
    : new CrmError('methodNotAllowed', 'A batch is sent with POST.');
}

/** Read `guid` or `accountid=guid`; there are no alternate keys here. */
function keyIn(model: EntityModel, text: string): string {
  const prefix = `${model.key.logicalName}=`;
  const key = parseGuid(text.startsWith(prefix) ? text.slice(prefix.length) : text);
  if (key === undefined) {
    throw new CrmError('badQuery', `'${text}' is not the key of a ${model.logicalName}.`);
  }
  return key;
}
