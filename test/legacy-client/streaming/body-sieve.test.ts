import fc from 'fast-check';
import { parseBody } from '../../../legacy-client/answer-body';
import { BodySieve } from '../../../legacy-client/streaming/body-sieve';

const json = { 'content-type': 'application/json' };
const atom = { 'content-type': 'application/atom+xml' };

interface Envelope {
  readonly value?: readonly unknown[];
  readonly d?: readonly unknown[] | { readonly results?: readonly unknown[] };
}

function elementsOf(body: unknown): readonly unknown[] {
  const { value, d } = body as Envelope;
  if (value) return value;
  return (Array.isArray(d) ? d : (d as { results: unknown[] }).results) as unknown[];
}

/** The body with all its elements in their places again. */
function joined(parts: readonly unknown[], rest: unknown): unknown {
  const all = [...parts.flatMap(elementsOf), ...elementsOf(rest)];
  const { value, d } = rest as Envelope;
  if (value) return { ...(rest as object), value: all };
  return { ...(rest as object), d: Array.isArray(d) ? all : { ...(d as object), results: all } };
}

/** Read a body that comes in chunks, with pieces so small that every element is one. */
async function sifted(
  bytes: Buffer,
  {
    cuts,
    headers,
    piece,
  }: { cuts: readonly number[]; headers: Record<string, string>; piece: number },
): Promise<{ body: unknown; parts: number }> {
  const parts: unknown[] = [];
  const sieve = new BodySieve((part) => Promise.resolve(void parts.push(part)), piece);
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (const [index, end] of places.slice(1).entries()) {
    await sieve.write(Buffer.from(bytes.subarray(places[index], end)));
  }
  const text = sieve
    .rest()
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  const rest = parseBody({ status: 200, headers, text, bytes: bytes.length });
  return { body: parts.length === 0 ? rest : joined(parts, rest), parts: parts.length };
}

const awkward = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', '\\"', '],[', '}', '"value":[', '架空商店', '\u{1F600}', '{"d":['),
);
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    ...[awkward, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()],
    ...[fc.constant(null), fc.array(tie('any'), { maxLength: 3 })],
    fc.dictionary(awkward, tie('any'), { maxKeys: 3 }),
  ),
})).any;
const record = fc.record({ id: awkward, more: value, value });
const records = fc.array(record, { maxLength: 8 });

/** Members before and after the list, none of which is one that a list is looked for in. */
const others = fc.record({ before: value, after: value, next: awkward });
const page = fc
  .tuple(fc.constantFrom('v4', 'v2', 'old v2'), records, others)
  .map(([shape, list, { before, after, next }]) => {
    if (shape === 'v4') return { '@odata.context': before, value: list, '@odata.nextLink': next };
    if (shape === 'old v2') return { before, d: list, after };
    return { before, d: { __count: after, results: list, __next: next } };
  });
const cuts = fc.array(fc.nat(3000), { maxLength: 12 });

describe('an answer that is read while it arrives', () => {
  it('is what JSON.parse makes of the whole, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        page,
        cuts,
        fc.constantFrom(0, 2),
        fc.integer({ min: 1, max: 60 }),
        async (body, places, indent, piece) => {
          const text = JSON.stringify(body, null, indent);
          const bytes = Buffer.from(text);
          const within = places.map((at) => at % (bytes.length + 1));
          const read = await sifted(bytes, { cuts: within, headers: json, piece });
          // As whole answers are parsed: long numerals are texts.
          expect(read.body).toEqual(
            parseBody({ status: 200, headers: json, text, bytes: bytes.length }),
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  it('hands elements on before the end, and keeps exact numerals', async () => {
    const list = Array.from(
      { length: 50 },
      (_, at) => `{"id":${at},"amount":1234567890123456.0${at}}`,
    );
    const bytes = Buffer.from(`{"value":[${list.join(',')}],"@odata.nextLink":"x"}`);
    const read = await sifted(bytes, { cuts: [], headers: json, piece: 100 });
    expect(read.parts).toBeGreaterThan(15);
    expect(elementsOf(read.body)[7]).toEqual({ id: 7, amount: '1234567890123456.07' });
    expect(read.body).toMatchObject({ '@odata.nextLink': 'x' });
  });

  it('is an error when it ends early, wherever that is', async () => {
    const list = [{ a: 'x"]' }, { b: [1, { c: '架' }] }, { d: null }, 5, 'text'];
    for (const body of [
      { n: 1, value: list, next: 'y' },
      { d: { results: list, __next: 'z' } },
      { d: list },
    ]) {
      const bytes = Buffer.from(JSON.stringify(body));
      for (let end = 1; end < bytes.length; end += 1) {
        const cut = sifted(bytes.subarray(0, end), { cuts: [end >> 1], headers: json, piece: 4 });
        await expect(cut).rejects.toThrow(SyntaxError);
      }
    }
  });

  it.each([
    '{"value":[1,2,]}',
    '{"value":[1,,2]}',
    '{"value":[,1,2]}',
    '{"value":[   ,1]}',
    '{"value":[{"a":1],2]}',
    '{"value":[1 2,3]}',
    '{"value":[1,2}}',
    '{"value":[1,2]]}',
    '{"value":[1,2],}',
    '{"value":["a\nb",2]}',
    '{value:[1,2]}',
  ])('is an error where the whole is malformed: %s', async (text) => {
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    for (const piece of [1, 3]) {
      await expect(
        sifted(Buffer.from(text), { cuts: [5, 11, 12], headers: json, piece }),
      ).rejects.toThrow(SyntaxError);
    }
  });

  it('waits for the one who takes the parts', async () => {
    let free: () => void = () => undefined;
    const taken: unknown[] = [];
    const sieve = new BodySieve((part) => {
      taken.push(part);
      return new Promise((resolve) => (free = resolve));
    }, 5);
    expect(sieve.write(Buffer.from('{"value":[11'))).toBeUndefined();
    let isThrough = false;
    const writing = sieve.write(Buffer.from('11,2222,3333,4444,5555,66]}'))?.then(() => {
      isThrough = true;
    });
    for (const elements of [
      [1111, 2222],
      [3333, 4444],
    ]) {
      await new Promise(setImmediate);
      expect(taken.pop()).toEqual({ value: elements });
      expect(isThrough).toBe(false);
      free();
    }
    await writing;
    expect(sieve.rest().toString()).toBe('{"value":[5555,66]}');
  });
});

const text = fc
  .string({ unit: 'binary' })
  .map((one) => one.replace(/[^\t\n\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, ''));
const escaped = (one: string): string =>
  one.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
const section = fc.constantFrom(
  ...['', '<!-- <entry> -->', '<?pi </entry>?>', '\n  ', '<link rel="edit" title="a>b" href="x"/>'],
);
const entry = fc
  .tuple(text, text, section)
  .map(
    ([id, name, noise]) =>
      `<entry m:etag="W/&quot;1&quot;">${noise}<id>${escaped(id)}</id><content type='application/xml'>` +
      `<m:properties><d:Name>${escaped(name)}</d:Name><d:Note><![CDATA[</entry>]]></d:Note>` +
      `<d:Nothing m:null="true"/></m:properties></content></entry>`,
  );
const feed = fc
  .record({ entries: fc.array(fc.tuple(entry, section), { maxLength: 6 }), prefix: fc.boolean() })
  .map(({ entries, prefix }) => {
    const document =
      '<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://crm.example/"' +
      ' xmlns:d="urn:d" xmlns:m="urn:m"><title>Fictional > feed</title>' +
      entries.map(([one, noise]) => one + noise).join('') +
      '<link rel="next" href="AccountSet?$skiptoken=2"/></feed>\n';
    return prefix
      ? document
          .replace(/(<\/?)(feed|entry|id|content|title|link)\b/g, '$1a:$2')
          .replace('xmlns=', 'xmlns:a=')
      : document;
  });

describe('a feed that is read while it arrives', () => {
  it('is what the parser makes of the whole, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        feed,
        cuts,
        fc.integer({ min: 1, max: 400 }),
        async (document, places, piece) => {
          const bytes = Buffer.from(document);
          const within = places.map((at) => at % (bytes.length + 1));
          const read = await sifted(bytes, { cuts: within, headers: atom, piece });
          expect(read.body).toEqual(
            parseBody({ status: 200, headers: atom, text: document, bytes: bytes.length }),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is an error when it ends early, wherever that is', async () => {
    const [document] = fc.sample(
      feed.filter((one) => one.split('</').length > 20),
      { numRuns: 1, seed: 7 },
    );
    const bytes = Buffer.from((document ?? '').trimEnd());
    for (let end = 1; end < bytes.length; end += 1) {
      const cut = sifted(bytes.subarray(0, end), { cuts: [end >> 1], headers: atom, piece: 30 });
      await expect(cut).rejects.toThrow(SyntaxError);
    }
  });
});
