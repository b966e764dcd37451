/** In what two servers that both follow the standard may differ. */
export interface Variation {
  /** Records in a page; more are reached by the address of the next page. Default: no pages. */
  readonly pageSize?: number;
  /** How the address of a next page is written; default `absolute`. */
  readonly nextLink?: 'absolute' | 'path' | 'relative' | 'queryOnly';
  /** Default `optional`: sent, and heeded where the client sends them back. */
  readonly etags?: 'none' | 'optional' | 'required';
  /** `If-Match: *` is a version like any other. */
  readonly noAnyVersion?: boolean;
  /** What becomes of a key in a create; default `honoured`. */
  readonly clientKeys?: 'honoured' | 'ignored' | 'refused';
  /** There is no `/$count`. */
  readonly noCount?: boolean;
  /** What a 404 holds; default the service's own error document. */
  readonly notFound?: 'document' | 'empty' | 'text';
  /** GUIDs in answers; default lower case. */
  readonly guids?: 'lower' | 'upper';
  /** Digits behind the seconds; default 3. */
  readonly fractionDigits?: number;
  /** Zone of instants in answers, in minutes east of UTC; default 0, written `Z`. */
  readonly minutesEast?: number;
  /** Null is written as an empty text where the property is no text. */
  readonly emptyForNull?: boolean;
  /** Members that are null are left out of answers. */
  readonly omitsNulls?: boolean;
  /** `ne` is never true of null. */
  readonly sqlNulls?: boolean;
  /** Null sorts after every value; the standard has it before. */
  readonly nullsLast?: boolean;
  readonly maxComparisons?: number;
  /** `$batch` takes GETs; there are no changesets. Default: there is no `$batch`. */
  readonly readsInBatches?: boolean;
  /** A create is answered with 204 and the record's address. */
  readonly createsSilently?: boolean;

  /** OData 4: what an update answers with; default `prefer`: what the client prefers. */
  readonly updates?: 'prefer' | 'never' | 'always';
  /** OData 4: an update without `If-Match` creates what is not there. */
  readonly upserts?: boolean;
  /** OData 4: default `minimal`. */
  readonly metadata?: 'minimal' | 'none' | 'full';
  /** OData 4: decimals and 64-bit numbers come as strings. */
  readonly ieee754Compatible?: boolean;
  /** OData 4.01: `in`. */
  readonly inOperator?: boolean;
  /** Addresses of records are relative, and quote the key. */
  readonly sloppyAddresses?: boolean;
  /** OData 4: addresses name the key: `Products(ProductID=…)`. */
  readonly namesKeys?: boolean;
  /** OData 4.01: control information without `odata.`. */
  readonly shortControls?: boolean;

  /** OData 2: Atom, whatever is asked for. */
  readonly atom?: boolean;
  /** OData 2: lists are `{ d: […] }`. */
  readonly bareLists?: boolean;
  /** OData 2: `POST` with `X-HTTP-Method` is not known. */
  readonly noTunnel?: boolean;
}

/** What a test does to a server's next writes. */
export interface Faults {
  /** So many writes are carried out, and their replies lost. */
  lostReplies: number;
  /** So many writes are answered with 503. */
  unavailable: number;
}
