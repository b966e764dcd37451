type FaceName = 'dynamics2011' | 'dataverse';

/** The status that each face gives an error. */
type FaceStatus = Readonly<Record<FaceName, number>>;

/** What the CRM calls an error: its number, as a signed 32-bit integer, and the faces' statuses. */
interface CrmErrorKind {
  /** Null where the service sends an empty code: the web layer refused, not the CRM. */
  readonly code: number | null;
  /** A number that only the Dataverse face sends: the older web layer had none. */
  readonly isDataverseOnly?: boolean;
  readonly status: FaceStatus;
}

const both = (status: number): FaceStatus => ({ dynamics2011: status, dataverse: status });
/** The 2011 face answers what the CRM itself refuses with 500, the Dataverse face with 400. */
const refusedByCrm: FaceStatus = { dynamics2011: 500, dataverse: 400 };

/** The numbers are those of the CRM's own list of error codes. */
const kinds = {
  badRequest: { code: null, status: both(400) },
  notFoundOnServer: { code: null, status: both(404) },
  methodNotAllowed: { code: null, status: both(405) },
  unsupportedMediaType: { code: null, status: both(415) },
  uriTooLong: { code: null, status: both(414) },
  notImplemented: { code: null, status: both(501) },
  notLoggedIn: { code: null, status: both(401) },
  badQuery: { code: 0x80060888 | 0, isDataverseOnly: true, status: both(400) },
  badPayload: { code: 0x80048d19 | 0, isDataverseOnly: true, status: both(400) },
  // NOTE: a lookup to a missing record gives the same code and status as a missing record itself;
  // only the message says which one was meant.
  doesNotExist: { code: 0x80040217 | 0, status: both(404) },
  // NOTE: the 2011 service's status for a duplicate key is not documented; the CRM's own refusals
  // come as 500 there, so this one does too. Dataverse documents 412.
  duplicateRecord: { code: 0x80040237 | 0, status: { dynamics2011: 500, dataverse: 412 } },
  stillReferenced: { code: 0x80040227 | 0, status: refusedByCrm },
  invalidArgument: { code: 0x80040203 | 0, status: refusedByCrm },
  // NOTE: the message processor's refusal; its status on either face is not documented.
  notSupportedFor: { code: 0x80040800 | 0, status: both(400) },
  stringTooLong: { code: 0x80044331 | 0, status: refusedByCrm },
  dateOutOfRange: { code: 0x80040239 | 0, status: refusedByCrm },
  invalidState: { code: 0x80048408 | 0, status: refusedByCrm },
  refusedByPlugIn: { code: 0x80040265 | 0, status: refusedByCrm },
  // NOTE: the CRM's list calls it ExpiredVersionStamp; the status of the web layer is not documented.
  expiredVersionStamp: { code: 0x80044352 | 0, status: both(400) },
  versionMismatch: { code: 0x80060882 | 0, status: both(412) },
} satisfies Record<string, CrmErrorKind>;

/** The name of a kind of refusal. */
export type CrmErrorName = keyof typeof kinds;

/** A refusal of the CRM or of its web layer; each face has its own spelling of it. */
export class CrmError extends Error {
  private readonly kind: CrmErrorKind;

  constructor(kind: CrmErrorName, message: string) {
    super(message);
    this.name = 'CrmError';
    this.kind = kinds[kind];
  }

  /** The CRM's own number (`-2147220969`), null where the face sends none. */
  codeOn(face: FaceName): number | null {
    const isHidden = face === 'dynamics2011' && this.kind.isDataverseOnly === true;
    return isHidden ? null : this.kind.code;
  }

  statusOn(face: FaceName): number {
    return this.kind.status[face];
  }
}

/** The refusal for a record that is not there. */
export function doesNotExist(logicalName: string, key: string): CrmError {
  return new CrmError('doesNotExist', `${logicalName} With Id = ${key} Does Not Exist`);
}

/** The refusal to write a link of a many-to-many relationship as if it were a record. */
export function notSupported(
  message: 'Create' | 'Update' | 'Delete',
  { logicalName }: { readonly logicalName: string },
): CrmError {
  return new CrmError(
    'notSupportedFor',
    `The '${message}' method does not support entities of type '${logicalName}'.`,
  );
}
