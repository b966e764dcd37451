import fc from 'fast-check';
import { UnsendableError } from '../../../legacy-client/dialects/problems';
import { withOptions } from '../../../legacy-client/dialects/query-options';
import { sendableValue } from '../../../legacy-client/dialects/sendable';
import { v2Literal } from '../../../legacy-client/dialects/v2-literals';
import { v4Literal } from '../../../legacy-client/dialects/v4-literals';
import type { LegacyValue, PropertyKind } from '../../../legacy-client';

const literals: [PropertyKind, Exclude<LegacyValue, null>, string, string][] = [
  ['string', "O'Brien & Söhne", "'O''Brien & Söhne'", "'O''Brien & Söhne'"],
  ['boolean', true, 'true', 'true'],
  ['integer', -5, '-5', '-5'],
  ['integer', 5_000_000_000, '5000000000L', '5000000000'],
  ['optionSet', 100000001, '100000001', '100000001'],
  ['decimal', '12.50', '12.50M', '12.50'],
  ['money', '-0.05', '-0.05M', '-0.05'],
  [
    'dateTime',
    new Date('2026-11-21T12:26:26.123Z'),
    "datetime'2026-11-21T12:26:26.123'",
    '2026-11-21T12:26:26.123Z',
  ],
  [
    'dateTime',
    new Date('2026-07-01T00:30:00Z'),
    "datetime'2026-07-01T00:30:00'",
    '2026-07-01T00:30:00Z',
  ],
  ['dateOnly', '2026-11-21', "datetime'2026-11-21T00:00:00'", '2026-11-21'],
  [
    'guid',
    '{C5F2B8A0-0000-4000-8000-00000000000A}',
    "guid'c5f2b8a0-0000-4000-8000-00000000000a'",
    'c5f2b8a0-0000-4000-8000-00000000000a',
  ],
  [
    'lookup',
    'C5F2B8A0-0000-4000-8000-00000000000A',
    "guid'c5f2b8a0-0000-4000-8000-00000000000a'",
    'c5f2b8a0-0000-4000-8000-00000000000a',
  ],
];

test.each(literals)('%s %s is written as %s and %s', (kind, value, v2, v4) => {
  const property = { name: 'P', kind };
  const sendable = sendableValue(property, value);
  expect(v2Literal(property, sendable)).toBe(v2);
  expect(v4Literal(property, sendable)).toBe(v4);
});

test.each<[PropertyKind, Exclude<LegacyValue, null>]>([
  ['string', 5],
  ['string', '\ud800'],
  ['boolean', 'true'],
  ['integer', 1.5],
  ['integer', Number.NaN],
  ['optionSet', '1'],
  ['decimal', '12,50'],
  ['decimal', Infinity],
  ['money', ''],
  ['dateTime', '2026-11-21T00:00:00Z'],
  ['dateTime', new Date(Number.NaN)],
  ['dateTime', new Date(8.64e15)],
  ['dateOnly', '2026-02-30'],
  ['dateOnly', new Date(0)],
  ['guid', "x' or 1 eq 1"],
  ['lookup', ''],
])('a %s cannot be %p', (kind, value) => {
  expect(() => sendableValue({ name: 'Revenue', kind }, value)).toThrow(UnsendableError);
  expect(() => sendableValue({ name: 'Revenue', kind }, value)).toThrow(/Revenue/);
});

test('any string survives the way through literal and URL', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const literal = v2Literal({ name: 'Name', kind: 'string' }, text);
      const address = `http://crm.example/s/${withOptions('AccountSet', { $filter: `Name eq ${literal}` })}`;
      const url = new URL(address);
      expect(url.href).toBe(address);
      const printed = new URLSearchParams(url.search.replaceAll('+', '%2B')).get('$filter') ?? '';
      expect(printed.startsWith("Name eq '") && printed.endsWith("'")).toBe(true);
      const inner = printed.slice("Name eq '".length, -1);
      expect(inner.replaceAll("''", '')).not.toContain("'");
      expect(inner.replaceAll("''", "'")).toBe(text);
    }),
  );
});

test('any instant is written in UTC, to the millisecond', () => {
  const instants = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(instants, (instant) => {
      const property = { name: 'P', kind: 'dateTime' } as const;
      const v2 = v2Literal(property, instant).replace(/^datetime'(.*)'$/, '$1Z');
      expect(new Date(v2).getTime()).toBe(instant.getTime());
      expect(new Date(v4Literal(property, instant)).getTime()).toBe(instant.getTime());
    }),
  );
});
