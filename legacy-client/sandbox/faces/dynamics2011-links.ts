import { CrmError } from '../crm-error';
import { parseGuid } from '../guid';
import type { LinkEnd } from '../many-to-many';
import { associate, disassociate, linkEnd, linkedKeys } from '../store/links';
import { jsonObject, type FaceAnswer, type FaceRequest } from './face';
import { linkedTo, type Navigation, type NavigationParts } from './navigation';

/** @throws CrmError for relationships that are not there, and what the CRM refuses. */
export function answerNavigation(parts: NavigationParts, navigation: Navigation): FaceAnswer {
  const { store } = parts;
  const { model, key, rest, request } = navigation;
  const match = /^(\$links\/)?(\w+)(?:\(guid'([^']*)'\))?$/.exec(rest);
  const [, links, name = '', other] = match ?? [];
  const end = linkEnd(model, name);
  if (end === undefined || (links === undefined && other !== undefined)) {
    throw new CrmError('notFoundOnServer', `Resource not found for the segment '${rest}'.`);
  }
  store.get(model, key);
  if (links !== undefined) return answerLinks(parts, end, { ...navigation, other });
  if (request.method !== 'GET') {
    throw new CrmError('methodNotAllowed', `A list cannot be used with ${request.method}.`);
  }
  return parts.list(end.target, request, linkedTo(store, end, key));
}

function answerLinks(
  { store, headers }: NavigationParts,
  end: LinkEnd,
  { key, other, request }: Navigation & { readonly other: string | undefined },
): FaceAnswer {
  if (request.method === 'GET' && other === undefined) {
    const results = linkedKeys(store, end, key).map((one) => ({
      uri: `${request.root}/${end.target.setName}(guid'${one}')`,
    }));
    return { status: 200, headers, json: { d: { results } } };
  }
  if (request.method === 'POST' && other === undefined) {
    associate(store, end, { own: key, other: addressedKey(end, request) });
  } else if (request.method === 'DELETE' && other !== undefined) {
    const parsed = parseGuid(other);
    if (parsed === undefined) {
      throw new CrmError('badRequest', 'Bad Request - Error in query syntax.');
    }
    disassociate(store, end, { own: key, other: parsed });
  } else {
    throw new CrmError('methodNotAllowed', `Links cannot be used with ${request.method}.`);
  }
  return { status: 204, headers: { dataserviceversion: '1.0' } };
}

/** Read `{ "uri": "https://…/optevia_sectorSet(guid'c5f2…')" }`. */
function addressedKey({ target }: LinkEnd, request: FaceRequest): string {
  const { uri } = jsonObject(request);
  const match = typeof uri === 'string' ? /(?:^|\/)([^/(]+)\(guid'([^']*)'\)$/.exec(uri) : null;
  const key = parseGuid(match?.[2] ?? '');
  if (key !== undefined && match?.[1] === target.setName) return key;
  throw new CrmError(
    'badPayload',
    `A link takes the uri of a ${target.logicalName}, such as ` +
      `/${target.setName}(guid'00000000-0000-0000-0000-000000000001').`,
  );
}
