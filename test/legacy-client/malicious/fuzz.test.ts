import fc from 'fast-check';
import type { LegacyFilter, LegacyProperty, PropertyKind } from '../../../legacy-client';
import { createDialect } from '../../../legacy-client/dialects';
import { UnsendableError } from '../../../legacy-client/dialects/problems';
import { tokens } from '../../../legacy-client/sandbox/filter/lexer';
import { parseFilter } from '../../foreign/server/filter';
import { faces } from './faces';

const root = 'http://crm.example/service';
const runs = { numRuns: 1500 };

/** What a filter looks like without its literals, and these. */
interface Taken {
  readonly skeleton: string;
  readonly texts: readonly string[];
}

/** Read texts in quotes, doubled inside, and in double quotes as JSON has them; what is left stays. */
function takenApart(filter: string): Taken {
  const texts: string[] = [];
  const skeleton = filter.replace(
    /'((?:[^']|'')*)'|("(?:[^"\\]|\\[^])*")/g,
    (_whole, quoted: string | undefined, inJson: string) => {
      texts.push(
        quoted === undefined ? (JSON.parse(inJson) as string) : quoted.replaceAll("''", "'"),
      );
      return '?';
    },
  );
  return { skeleton, texts };
}

/** A tree of conditions with holes for texts. */
type Shape =
  | { readonly op: 'eq' | 'ne' | 'contains' | 'startsWith' | 'endsWith' }
  | { readonly op: 'in'; readonly size: number }
  | { readonly op: 'not'; readonly of: Shape }
  | { readonly op: 'and' | 'or'; readonly of: readonly Shape[] };

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({ op: fc.constantFrom('eq', 'ne', 'contains', 'startsWith', 'endsWith') }),
    fc.record({ op: fc.constant('in'), size: fc.integer({ min: 2, max: 4 }) }),
    fc.record({ op: fc.constant('not'), of: tie('shape') }),
    fc.record({
      op: fc.constantFrom('and', 'or'),
      of: fc.array(tie('shape'), { minLength: 2, maxLength: 3 }),
    }),
  ),
}));

function holesIn(of: Shape): number {
  if (of.op === 'in') return of.size;
  if (of.op === 'not') return holesIn(of.of);
  if (of.op === 'and' || of.op === 'or') return of.of.reduce((sum, one) => sum + holesIn(one), 0);
  return 1;
}

function filled(of: Shape, property: LegacyProperty, texts: string[]): LegacyFilter {
  if (of.op === 'not') return { op: 'not', filter: filled(of.of, property, texts) };
  if (of.op === 'and' || of.op === 'or') {
    return { op: of.op, filters: of.of.map((one) => filled(one, property, texts)) };
  }
  if (of.op === 'in') return { op: 'in', property, values: texts.splice(0, of.size) };
  const [value = ''] = texts.splice(0, 1);
  return { op: of.op, property, value };
}

const evil = fc.constantFrom(
  "'",
  "''",
  "' or 1 eq 1 or '",
  "x') or (Name ne 'x",
  '"',
  '\\',
  '\\"',
  '"])&$filter=x',
  '&$filter=true',
  '#',
  '?',
  '%27',
  '%',
  '[%]',
  '_',
  '+',
  '//',
  '/../$metadata',
  '\r\nX-Evil: 1',
  '\u0000',
  '\u2019',
  '\uff07',
  "''''",
  '$1',
  '<x/>',
  ' ',
);
const hostile = fc
  .array(fc.oneof(evil, fc.string({ unit: 'binary', maxLength: 8 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.join(''));

describe.each(faces)('no value leaves its quotes, $dialect', ({ dialect: name, entity, names }) => {
  const dialect = createDialect(name);
  const property: LegacyProperty = { name: names.text, kind: 'string' };

  const printed = (filter: LegacyFilter): string => {
    const { path } = dialect.list(entity, { filter });
    const url = new URL(`${root}/${path}`);
    // No parser of URLs changes it, and each option stands in it once.
    expect(url.href).toBe(`${root}/${path}`);
    expect(path).toMatch(/^[\w.~$,/:@()!*?=&%-]+$/);
    const options = url.search
      .slice(1)
      .split('&')
      .map((option) => option.split('='));
    expect(options.every(({ length }) => length === 2)).toBe(true);
    expect(new Set(options.map(([option]) => option)).size).toBe(options.length);
    expect(
      options.every(([option]) => /^\$(?:filter|select|orderby|top)$/.test(option ?? '')),
    ).toBe(true);
    const [, value = ''] = options.find(([option]) => option === '$filter') ?? [];
    return decodeURIComponent(value);
  };

  it('texts in conditions of any form', () => {
    fc.assert(
      fc.property(
        shape.chain((of) =>
          fc.tuple(
            fc.constant(of),
            fc.uniqueArray(hostile, { minLength: holesIn(of), maxLength: holesIn(of) }),
          ),
        ),
        ([of, texts]) => {
          const bad = texts.some((text) => /\p{Surrogate}/u.test(text));
          const print = (): string => printed(filled(of, property, [...texts]));
          if (bad) {
            expect(print).toThrow(UnsendableError);
            return;
          }
          const filter = print();
          const { skeleton, texts: found } = takenApart(filter);
          const benign = takenApart(
            printed(
              filled(
                of,
                property,
                texts.map((_, index) => `x${index}`),
              ),
            ),
          );
          expect(skeleton).toBe(benign.skeleton);
          // Dataverse's patterns have their wildcards in brackets; its function names the property.
          const plain = found.filter((text) => name !== 'dataverse' || text !== names.text);
          const given =
            name === 'dataverse'
              ? [texts, texts.map((text) => text.replace(/[%_[]/g, '[$&]'))]
              : [texts];
          expect(plain.every((text, index) => given.some((of) => of[index] === text))).toBe(true);
          expect(plain).toHaveLength(texts.length);
        },
      ),
      { numRuns: 800 },
    );
  });

  it('is so to another lexer as well', () => {
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        fc.pre(!/\p{Surrogate}/u.test(one + other));
        const filter = printed({
          op: 'or',
          filters: [
            { op: 'eq', property, value: one },
            { op: 'not', filter: { op: 'eq', property, value: other } },
          ],
        });
        const texts = tokens(filter)
          .filter(({ kind }) => kind === 'string')
          .map(({ text }) => text);
        expect(texts).toEqual([one, other]);
      }),
      runs,
    );
  });

  it('keys and values of other kinds are written as what they are, or not at all', () => {
    const kinds: [PropertyKind, RegExp][] = [
      ['guid', /^(?:guid'[\da-f-]{36}'|[\da-f-]{36})$/],
      ['lookup', /^(?:guid'[\da-f-]{36}'|[\da-f-]{36})$/],
      ['integer', /^-?\d+L?$/],
      ['decimal', /^-?\d+(?:\.\d+)?M?$/],
      ['money', /^-?\d+(?:\.\d+)?M?$/],
      ['optionSet', /^-?\d+$/],
      ['boolean', /^(?:true|false)$/],
      ['dateOnly', /^(?:datetime'\d{4}-\d\d-\d\dT00:00:00'|\d{4}-\d\d-\d\d)$/],
      ['dateTime', /^(?:datetime'[\d-]+T[\d:.]+'|[\d-]+T[\d:.]+Z)$/],
    ];
    const tricky = fc.oneof(
      hostile,
      fc.constantFrom(
        '1 or 1 eq 1',
        '1e3',
        '0x10',
        ' 1',
        '1;',
        '٣',
        '１',
        '2026-01-01T00:00:00Z or 1',
      ),
      fc.uuid().map((guid) => `{${guid.toUpperCase()}}`),
      fc.uuid().chain((guid) => hostile.map((more) => guid + more)),
      fc.double(),
      fc.integer(),
      fc.date({ noInvalidDate: false }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...kinds), tricky, ([kind, form], value) => {
        const other: LegacyProperty = { name: 'Other', kind };
        let filter: string;
        try {
          filter = printed({ op: 'lt', property: other, value });
        } catch (error) {
          expect(error).toBeInstanceOf(UnsendableError);
          return;
        }
        const literal = filter.slice(filter.indexOf(' lt ') + 4);
        expect(literal).toMatch(form);
      }),
      runs,
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uuid(),
          hostile,
          fc.uuid().map((key) => `{${key}}`),
        ),
        (key) => {
          try {
            const { path } = dialect.get(entity, key);
            expect(path).toMatch(
              /^\w+\((?:guid)?(?:'|%27)?[\da-f-]{36}(?:'|%27)?\)(?:\?\$select=[\w,/]+)?$/,
            );
          } catch (error) {
            expect(error).toBeInstanceOf(UnsendableError);
          }
        },
      ),
      runs,
    );
  });
});

describe.each([2, 4] as const)('to a server of OData %i', (version) => {
  it('a condition is true of the value that it names, and of no other', () => {
    const dialect = createDialect(version === 2 ? 'odata2' : 'odata4');
    const set = {
      name: 'Things',
      key: 'Id',
      properties: { Name: { type: 'Edm.String', nullable: false } },
    } as unknown as Parameters<typeof parseFilter>[1];
    const property: LegacyProperty = { name: 'Name', kind: 'string' };
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        fc.pre(!/\p{Surrogate}/u.test(one + other) && one !== other);
        const matches = (filter: LegacyFilter, Name: string): boolean =>
          parseFilter({ version }, set, dialect.filter(filter))({ Name });
        expect(matches({ op: 'eq', property, value: one }, one)).toBe(true);
        expect(matches({ op: 'eq', property, value: one }, other)).toBe(false);
        expect(matches({ op: 'contains', property, value: one }, `a${one}b`)).toBe(true);
        expect(matches({ op: 'in', property, values: [one, other] }, other)).toBe(true);
      }),
      runs,
    );
  });
});
