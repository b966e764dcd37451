import fc from 'fast-check';
import { createDialect } from '../../legacy-client/dialects';
import { MalformedAnswerError, UnsendableError } from '../../legacy-client/dialects/problems';
import { writeJson } from '../../legacy-client/exact-json';
import type { HttpRequestPart } from '../../legacy-client/multipart/http-part';
import { readHttpAnswer, readMultipart } from '../../legacy-client/multipart/read-multipart';
import { writeBatch } from '../../legacy-client/multipart/write-batch';
import { account, guid } from './entities';

const patch: HttpRequestPart = {
  contentId: '1',
  method: 'PATCH',
  address: `/api/data/v9.2/accounts(${guid(1)})`,
  headers: { Accept: 'application/json' },
  body: '{"name":"Ümlaut"}',
};

function numbered(start = 0): () => string {
  let number = start;
  return () => String((number += 1));
}

test('writes requests and a changeset with every line ended as HTTP wants it', () => {
  const get = { method: 'GET', address: 'accounts', headers: {} };
  const { contentType, text } = writeBatch([get, { changeset: [patch] }], numbered());
  expect(contentType).toBe('multipart/mixed; boundary=batch_2');
  expect(text.split('\r\n')).toEqual([
    '--batch_2',
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    '',
    'GET accounts HTTP/1.1',
    '',
    '',
    '--batch_2',
    'Content-Type: multipart/mixed; boundary=changeset_1',
    '',
    '--changeset_1',
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    'Content-ID: 1',
    '',
    `PATCH /api/data/v9.2/accounts(${guid(1)}) HTTP/1.1`,
    'Accept: application/json',
    'Content-Length: 18',
    '',
    '{"name":"Ümlaut"}',
    '--changeset_1--',
    '',
    '--batch_2--',
    '',
  ]);
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
});

test('takes other delimiters when a body holds these', () => {
  const body = '\r\n--changeset_1--\r\n--batch_3--\r\n';
  const { contentType, text } = writeBatch([{ changeset: [{ ...patch, body }] }], numbered());
  const [changeset, ...others] = readMultipart(contentType, text);
  expect(others).toEqual([]);
  const parts = readMultipart(changeset?.headers['content-type'] ?? '', changeset?.content ?? '');
  expect(parts.map(({ content }) => content.endsWith(body))).toEqual([true]);
});

test('has delimiters of its own each time, too long to be guessed', () => {
  const written = [writeBatch([patch]).contentType, writeBatch([patch]).contentType];
  expect(new Set(written).size).toBe(2);
  for (const one of written) expect(one).toMatch(/boundary=batch_[0-9a-f-]{36}$/);
});

test.each<[string, Partial<HttpRequestPart>]>([
  ['an address', { address: 'accounts HTTP/1.1\r\nX-Evil: 1' }],
  ['an address with a blank', { address: 'accounts (1)' }],
  ['a header', { headers: { 'If-Match': 'W/"1"\r\nX-Evil: 1' } }],
  ['a header with a bare line feed', { headers: { 'If-Match': 'W/"1"\n\nX' } }],
  ["a header's name", { headers: { 'X\r\nY': '1' } }],
  ['a Content-ID', { contentId: '1\r\nX-Evil: 1' }],
  ['a method', { method: 'GET /other HTTP/1.1\r\n' }],
])('refuses a line end in %s', (_where, evil) => {
  expect(() => writeBatch([{ ...patch, ...evil }])).toThrow(UnsendableError);
});

/** Texts with what could break a multipart body out of its form. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }).filter((text) => !/\p{Surrogate}/u.test(text)),
  fc
    .array(
      fc.constantFrom('\r\n', '\n', '--', 'batch_1', 'changeset_1', 'HTTP/1.1 500 X', '"', ':'),
    )
    .map((parts) => parts.join('')),
);

test('any values survive writing and reading', () => {
  const dialect = createDialect('dataverse');
  const values = fc.record({ name: hostile, other: hostile });
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 4 }), (records) => {
      const entity = {
        ...account,
        properties: [
          { name: 'name', kind: 'string' as const },
          { name: 'other', kind: 'string' as const },
        ],
      };
      const changeset = records.map((record, index) => {
        const { headers, body } = dialect.create(entity, record);
        return { ...patch, headers, body: writeJson(body), contentId: String(index) };
      });
      const { contentType, text } = writeBatch([{ changeset }], numbered());
      // Over the wire and back.
      const arrived = Buffer.from(text, 'utf8').toString('utf8');
      const [part] = readMultipart(contentType, arrived);
      const parts = readMultipart(part?.headers['content-type'] ?? '', part?.content ?? '');
      const bodies = parts.map(({ content }) => content.slice(content.indexOf('\r\n\r\n') + 4));
      expect(bodies.map((body) => JSON.parse(body) as unknown)).toEqual(records);
    }),
  );
});

test('any body comes out of an answer as it went in', () => {
  fc.assert(
    fc.property(hostile, fc.boolean(), (body, quoted) => {
      const boundary = 'batchresponse_36522ad7-fc75-4b56-8c71-56071383e77b';
      const text =
        `preamble\r\n--${boundary}\r\nContent-Type: application/http\r\nContent-ID: 7\r\n\r\n` +
        `HTTP/1.1 200 OK\r\nX-Colon: a:b\r\n\r\n${body}\r\n--${boundary}-- \r\nepilogue`;
      const type = `Multipart/Mixed; charset=x; boundary=${quoted ? `"${boundary}"` : boundary}`;
      expect(readMultipart(type, text).map(readHttpAnswer)).toEqual([
        { contentId: '7', status: 200, headers: { 'x-colon': 'a:b' }, text: body },
      ]);
    }),
  );
});

const inPart = (content: string): string =>
  `--b\r\nContent-Type: application/http\r\n\r\n${content}\r\n--b--\r\n`;

test('reads bare line feeds, answers without a blank line, and the Content-ID inside', () => {
  const text = inPart('HTTP/1.1 204 No Content\r\nContent-ID: 3').replaceAll('\r\n', '\n');
  expect(readMultipart('multipart/mixed;boundary=b', text).map(readHttpAnswer)).toEqual([
    { contentId: '3', status: 204, headers: { 'content-id': '3' }, text: '' },
  ]);
});

test.each([
  ['no boundary', 'multipart/mixed', inPart('HTTP/1.1 204 No Content\r\n\r\n')],
  ['another type', 'multipart/form-data; boundary=b', inPart('HTTP/1.1 204 No Content\r\n\r\n')],
  ['no delimiter', 'multipart/mixed; boundary=b', 'nothing'],
  ['no closing delimiter', 'multipart/mixed; boundary=b', inPart('HTTP/1.1 204 X').slice(0, -6)],
  ['no status line', 'multipart/mixed; boundary=b', inPart('Content-Type: text/plain\r\n\r\n')],
  ['an impossible status', 'multipart/mixed; boundary=b', inPart('HTTP/1.1 100 Continue\r\n\r\n')],
  [
    'a body shorter than it says',
    'multipart/mixed; boundary=b',
    inPart('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a":1}'),
  ],
  [
    'a line that is no header',
    'multipart/mixed; boundary=b',
    inPart('HTTP/1.1 200 OK\r\nno header\r\n\r\n{}'),
  ],
  ['another kind of part', 'multipart/mixed; boundary=b', '--b\r\n\r\nHTTP/1.1 204 X\r\n--b--'],
])('does not take %s for an answer', (_what, contentType, text) => {
  expect(() => readMultipart(contentType, text).map(readHttpAnswer)).toThrow(MalformedAnswerError);
});

test('an answer that is cut anywhere is never read as a shorter one', () => {
  const inner = ['1', '2'].map(
    (id) =>
      `--c\r\nContent-Type: application/http\r\nContent-ID: ${id}\r\n\r\n` +
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"a":"--b"}\r\n',
  );
  const text =
    '--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n' +
    `${inner.join('')}--c--\r\n--b--\r\n`;
  const read = (whole: string): unknown => {
    const [outer] = readMultipart('multipart/mixed; boundary=b', whole);
    const type = outer?.headers['content-type'] ?? '';
    return readMultipart(type, outer?.content ?? '').map(readHttpAnswer);
  };
  const complete = read(text);
  expect(complete).toHaveLength(2);
  const closed = text.lastIndexOf('--b--') + '--b--'.length;
  for (let length = 0; length < text.length; length += 1) {
    const cut = text.slice(0, length);
    if (length >= closed) expect(read(cut)).toEqual(complete);
    else expect(() => read(cut)).toThrow(MalformedAnswerError);
  }
});
