import { CrmError } from '../crm-error';
import type { FaceAnswer } from '../faces/face';
import type { WrittenPart } from './read-batch';

/** What requests of a changeset can refer to: addresses below the service root, by Content-ID. */
export type Known = Map<string, string>;

function resolved(known: Known, contentId: string): string {
  const address = known.get(contentId);
  if (address !== undefined) return address;
  const message = `Content-ID Reference: '$${contentId}' does not exist in the batch context.`;
  throw new CrmError('badRequest', message);
}

/** `"nav@odata.bind": "$1"`, `"@odata.id": "$1"`; escaped quotes inside texts are none of these. */
const referringMember = /("[^"\\]*@odata\.(?:bind|id)"\s*:\s*")\$(\w+)"/g;

/**
 * Put the addresses of earlier requests in the place of `$1`, in the address and in the body.
 *
 * @throws CrmError (400) for one that has not been carried out before.
 */
export function withReferences(part: WrittenPart, known: Known): WrittenPart {
  const address = part.address.replace(
    /^\$(?!batch\b|metadata\b)(\w+)(?=$|[/?])/,
    (_whole, contentId: string) => resolved(known, contentId),
  );
  const body = part.body.replace(
    referringMember,
    (_whole, before: string, contentId: string) => `${before}/${resolved(known, contentId)}"`,
  );
  return { ...part, address, body };
}

/** Note what a request that was carried out can be referred to as. */
export function remember(
  known: Known,
  { contentId, path, answer }: { contentId: string | undefined; path: string; answer: FaceAnswer },
): void {
  if (contentId === undefined) return;
  known.set(contentId, answer.address ?? path);
}
