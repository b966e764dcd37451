import { CrmError } from '../crm-error';
import { parseGuid } from '../guid';
import type { LinkEnd } from '../many-to-many';
import { associate, disassociate, linkEnd, linkedKeys } from '../store/links';
import { checkOptions, jsonObject, type FaceAnswer } from './face';
import { linkedTo, type Navigation, type NavigationParts } from './navigation';

const odataVersion = { 'odata-version': '4.0' };

/** @throws CrmError for relationships that are not there, and what the CRM refuses. */
export function answerNavigation(parts: NavigationParts, navigation: Navigation): FaceAnswer {
  const { store } = parts;
  const { model, key, rest, request } = navigation;
  const match = /^(\w+)(?:\(([^)]*)\))?(\/\$ref)?$/.exec(rest);
  const [, name = '', other, ref] = match ?? [];
  const end = linkEnd(model, name);
  if (end === undefined || (other !== undefined && ref === undefined)) {
    throw new CrmError('notFoundOnServer', `Resource not found for the segment '${rest}'.`);
  }
  store.get(model, key);
  if (ref !== undefined) return answerReference(parts, end, { ...navigation, other });
  if (request.method !== 'GET') {
    throw new CrmError('methodNotAllowed', `A list cannot be used with ${request.method}.`);
  }
  return parts.list(end.target, request, linkedTo(store, end, key));
}

function answerReference(
  { store, headers }: NavigationParts,
  end: LinkEnd,
  { key, other, request }: Navigation & { readonly other: string | undefined },
): FaceAnswer {
  if (request.method === 'GET' && other === undefined) {
    const address = `${request.root}/${end.target.collectionName}`;
    const value = linkedKeys(store, end, key).map((one) => ({ '@odata.id': `${address}(${one})` }));
    const json = { '@odata.context': `${request.root}/$metadata#Collection($ref)`, value };
    return { status: 200, headers, json };
  }
  if (request.method === 'POST' && other === undefined) {
    const { '@odata.id': address } = jsonObject(request);
    associate(store, end, { own: key, other: addressedKey(end, address) });
  } else if (request.method === 'DELETE') {
    checkOptions(request.options, ['$id']);
    const address =
      other === undefined ? request.options.get('$id') : `${end.target.collectionName}(${other})`;
    disassociate(store, end, { own: key, other: addressedKey(end, address) });
  } else {
    throw new CrmError('methodNotAllowed', `A reference cannot be used with ${request.method}.`);
  }
  return { status: 204, headers: odataVersion };
}

/** Read `https://…/optevia_sectors(c5f2…)`, with or without what stands before the set. */
function addressedKey({ target }: LinkEnd, address: unknown): string {
  const match = typeof address === 'string' ? /(?:^|\/)([^/(]+)\(([^)]*)\)$/.exec(address) : null;
  const key = parseGuid(match?.[2] ?? '');
  if (key !== undefined && match?.[1] === target.collectionName) return key;
  throw new CrmError(
    'badPayload',
    `The address of a ${target.logicalName} is expected as @odata.id or $id, such as ` +
      `/${target.collectionName}(00000000-0000-0000-0000-000000000001).`,
  );
}
