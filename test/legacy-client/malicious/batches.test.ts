import { type BatchOperation, LegacyError, LegacyRequestError } from '../../../legacy-client';
import { type HttpRequestPart } from '../../../legacy-client/multipart/http-part';
import { checkedPart, writeBatch } from '../../../legacy-client/multipart/write-batch';
import { dataverseAccount, guid } from '../entities';
import { failureOf, openEvilWorld, type EvilWorld } from './evil-server';

let world: EvilWorld;
beforeEach(async () => {
  world = await openEvilWorld();
});
afterEach(() => world.close());

const update = (number: number): BatchOperation => ({
  ...{ kind: 'update', entity: dataverseAccount, key: guid(number) },
  changes: { name: `Fictional ${number}` },
});
const part = (id: string | undefined, status = 204): string =>
  [
    ...['Content-Type: application/http', 'Content-Transfer-Encoding: binary'],
    ...(id === undefined ? [] : [`Content-ID: ${id}`]),
    ...['', `HTTP/1.1 ${status} Whatever`, '', ''],
  ].join('\r\n');
const changeset = (parts: readonly string[], outer = 'b', inner = 'c'): string => {
  const members = parts.map((one) => `--${inner}\r\n${one}\r\n`).join('');
  return `--${outer}\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n${members}--${inner}--\r\n--${outer}--\r\n`;
};

describe('answers to a batch that are none', () => {
  it.each([
    ['a missing part', changeset([part('1')])],
    ['a part too many', changeset([part('1'), part('2'), part('3')])],
    ['the same Content-ID twice', changeset([part('1'), part('1')])],
    ['an unknown Content-ID', changeset([part('1'), part('9')])],
    ['a Content-ID beside none', changeset([part('1'), part(undefined)])],
    ['another boundary around', changeset([part('1'), part('2')], 'other')],
    ['another boundary within', changeset([part('1'), part('2')], 'b', 'other')],
    ['success and failure together', changeset([part('1'), part('2', 400)])],
    ['a status that is none', changeset([part('1'), part('2', 99)])],
    ['only the beginning', changeset([part('1'), part('2')]).slice(0, -40)],
    ['nothing at all', ''],
    ['boundaries without end', '--b\r\n'.repeat(100_000)],
    ['parts within parts', '--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'.repeat(5000)],
  ])('%s leaves the outcome unknown', async (_name, body) => {
    world.server.script = (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'multipart/mixed; boundary=b' }).end(body);
    };
    const client = world.connect({ dialect: 'dataverse' });
    const error = await failureOf(client.batch([update(1), update(2)]));
    expect(error).toBeInstanceOf(LegacyError);
    expect(error).toMatchObject({ outcome: 'unknown' });
    expect(world.server.received).toHaveLength(1);
  });

  it.each([
    'multipart/mixed',
    'multipart/mixed; boundary=',
    'multipart/mixed; boundary=""',
    'text/html',
    '',
  ])('the content type %p is none', async (type) => {
    world.server.script = (_request, response) => {
      response.writeHead(200, { 'Content-Type': type }).end(changeset([part('1'), part('2')]));
    };
    const error = await failureOf(
      world.connect({ dialect: 'dataverse' }).batch([update(1), update(2)]),
    );
    expect(error).toMatchObject({ outcome: 'unknown' });
  });
});

describe('requests within a batch', () => {
  const good: HttpRequestPart = {
    ...{ method: 'GET', address: '/x', headers: { Accept: 'application/json' } },
  };
  it.each<[string, Partial<HttpRequestPart>]>([
    ['an address with a line end', { address: '/x HTTP/1.1\r\nX-Evil: 1' }],
    ['an address with a blank', { address: '/x y' }],
    ['a header with a line end', { headers: { 'If-Match': '"1"\r\nX-Evil: 1' } }],
    ['a name of a header with one', { headers: { 'X\r\nEvil': '1' } }],
    ['a Content-ID with one', { contentId: '1\r\nX-Evil: 1' }],
    ['a method that is none', { method: 'GET /evil HTTP/1.1\r\nX:' }],
  ])('%s are refused', (_name, bad) => {
    expect(() => checkedPart({ ...good, ...bad })).toThrow();
    expect(() => writeBatch([{ ...good, ...bad }])).toThrow();
  });

  it('a body that holds the boundary gets another one', () => {
    let made = 0;
    const id = (): string => String((made += 1));
    const body = '{"name":"\\r\\n--batch_1--\\r\\n--changeset_2--"}';
    const { contentType, text } = writeBatch(
      [{ changeset: [{ ...good, method: 'POST', body }] }],
      id,
    );
    const boundary = /boundary=(\S+)/.exec(contentType)?.[1] ?? '';
    expect(body).not.toContain(boundary);
    expect(text.endsWith(`--${boundary}--\r\n`)).toBe(true);
  });

  it('a version with line ends is refused before anything is sent', async () => {
    const operation = { ...update(1), ifMatch: 'W/"1"\r\nX-Evil: 1' } as BatchOperation;
    const error = await failureOf(world.connect({ dialect: 'dataverse' }).batch([operation]));
    expect(error).toBeInstanceOf(LegacyRequestError);
    expect(world.server.received).toEqual([]);
  });
});
