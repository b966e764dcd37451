import type { ForeignOptions } from './world';

/** Servers that follow the standard in different ways, by name. */
export const worlds: readonly (readonly [string, ForeignOptions])[] = [
  ['OData 2', { version: 2 }],
  [
    'OData 2 in Atom, in pages of 7, without stamps and ETags',
    { version: 2, stamps: false, variation: { atom: true, pageSize: 7, etags: 'none' } },
  ],
  [
    'OData 2 with texts for keys, offsets, required ETags, its own verb and its own keys',
    {
      version: 2,
      textKeys: true,
      instants: 'Edm.DateTimeOffset',
      variation: { etags: 'required', noTunnel: true, clientKeys: 'ignored', notFound: 'text' },
      client: { capabilities: { tunnelsUpdates: false } },
    },
  ],
  ['OData 4', { version: 4, variation: { readsInBatches: true } }],
  [
    'OData 4 in pages of 7, without counts, stamps, ETags and words',
    {
      version: 4,
      stamps: false,
      variation: {
        pageSize: 7,
        noCount: true,
        nextLink: 'queryOnly',
        metadata: 'none',
        etags: 'none',
        guids: 'upper',
        notFound: 'empty',
        omitsNulls: true,
        updates: 'never',
        createsSilently: true,
        namesKeys: true,
        upserts: true,
      },
    },
  ],
  [
    'OData 4 over SQL, with texts for keys, fine instants, required ETags and a limit on filters',
    {
      version: 4,
      textKeys: true,
      variation: {
        sqlNulls: true,
        nullsLast: true,
        fractionDigits: 7,
        minutesEast: 330,
        etags: 'required',
        ieee754Compatible: true,
        inOperator: true,
        maxComparisons: 20,
        clientKeys: 'refused',
        shortControls: true,
      },
      client: {
        capabilities: {
          clientKeys: 'no',
          inOperator: true,
          maxComparisons: 20,
          nullOrder: 'last',
        },
      },
    },
  ],
];
