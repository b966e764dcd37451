import { LegacyResponseError } from '../../../legacy-client';
import { faces } from './faces';
import { failureOf, openEvilWorld, type EvilWorld } from './evil-server';

/** One page, and one that is long enough to be read in parts. */
const sizes = [2, 6000];

describe.each(faces)('an answer that is not what it seems, $dialect', (face) => {
  const { dialect, entity, page, record, names } = face;
  let world: EvilWorld;

  beforeEach(async () => {
    world = await openEvilWorld();
  });
  afterEach(() => world.close());

  const answerWith = (body: string | Buffer, type: string): void => {
    world.server.script = (_request, response) => {
      response.writeHead(200, { 'Content-Type': type }).end(body);
    };
  };
  const records = (count: number): object[] =>
    Array.from({ length: count }, (_, at) =>
      record(at, { [names.text]: `Müller ${'x'.repeat(40)}` }),
    );
  const readInParts = async (): Promise<number> => {
    let count = 0;
    for await (const { records: some } of world.connect({ dialect }).linkedPages(entity)) {
      count += some.length;
    }
    return count;
  };
  const failures = async (): Promise<unknown[]> => [
    await failureOf(world.connect({ dialect }).list(entity)),
    await failureOf(readInParts()),
  ];

  it.each(sizes)(
    'in another encoding is an error, never other letters: %i records',
    async (count) => {
      const text = JSON.stringify(page(records(count)));
      const encodings: BufferEncoding[] = ['latin1', 'utf16le'];
      for (const encoding of encodings) {
        answerWith(Buffer.from(text, encoding), `application/json; charset=${encoding}`);
        for (const error of await failures()) {
          expect(error).toBeInstanceOf(LegacyResponseError);
          expect(String(error)).toContain('its text is not in UTF-8');
        }
      }
      answerWith(`\ufeff${text}`, 'application/json');
      await expect(readInParts()).resolves.toBe(count);
    },
  );

  it.each(sizes)('that was broken off with an error is no list: %i records', async (count) => {
    const whole = JSON.stringify(page(records(count)));
    const broken = whole.replace(/(\](?:\})?)\}$/, '$1,"error":{"code":"","message":"Oh"}}');
    answerWith(broken, 'application/json');
    for (const error of await failures()) {
      expect(String(error)).toContain('the service broke the list off with an error');
    }
  });
});

const entry = `<entry><content type="application/xml"><properties><Id>00000000-0000-4000-8000-000000000001</Id>
<Name>Müller</Name></properties></content></entry>`;
const feed = (inner: string): string =>
  `<?xml version="1.0" encoding="iso-8859-1"?><feed xmlns="http://www.w3.org/2005/Atom">${inner}</feed>`;

it.each([
  ['in another encoding', Buffer.from(feed(entry), 'latin1'), 'its text is not in UTF-8'],
  [
    'in another encoding, in parts',
    Buffer.from(feed(entry.repeat(3000)), 'latin1'),
    'its text is not in UTF-8',
  ],
  [
    'that was broken off',
    Buffer.from(feed(`${entry}<m:error xmlns:m="x"><m:code/></m:error>`)),
    'broke the list off',
  ],
])('a feed %s is an error', async (_name, body, message) => {
  const world = await openEvilWorld();
  const [, , { entity }] = faces as [unknown, unknown, (typeof faces)[0]];
  world.server.script = (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/atom+xml' }).end(body);
  };
  const read = async (): Promise<void> => {
    for await (const page of world.connect({ dialect: 'odata2' }).linkedPages(entity)) {
      expect(page.next).toBeUndefined();
    }
  };
  expect(String(await failureOf(read()))).toContain(message);
  await world.close();
});
