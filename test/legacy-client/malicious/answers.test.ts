import {
  type LegacyClient,
  LegacyError,
  LegacyResponseError,
  LegacyThrottledError,
} from '../../../legacy-client';
import { json, type Script } from '../scripted-server';
import { faces } from './faces';
import { failureOf, openEvilWorld, password, type EvilWorld } from './evil-server';

/** Ways to read a list: at once, in parts while it arrives. */
const ways: [
  string,
  (client: LegacyClient, entity: (typeof faces)[0]['entity']) => Promise<unknown>,
][] = [
  ['as a whole', (client, entity) => client.list(entity)],
  [
    'in parts',
    async (client, entity) => {
      const records: unknown[] = [];
      for await (const page of client.linkedPages(entity)) records.push(...page.records);
      return records;
    },
  ],
];

const text =
  (body: string, type: string, status = 200): Script =>
  (_request, response) => {
    response.writeHead(status, { 'Content-Type': type }).end(body);
  };

const depth = 100_000;
const bomb = `<!DOCTYPE feed [<!ENTITY a0 "ha">${Array.from(
  { length: 20 },
  (_, level) => `<!ENTITY a${level + 1} "${`&a${level};`.repeat(10)}">`,
).join('')}]>`;
const entry = (inner: string): string =>
  `<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="application/xml">` +
  `<properties>${inner}</properties></content></entry></feed>`;

const jsonType = 'application/json';
const given: [string, string, string?][] = [
  ['nothing', ''],
  ['a number', '42'],
  ['a text', '"no list"'],
  ['null', 'null'],
  ['a list without its envelope', '[]'],
  ['an envelope of nothing', '{"d":null,"value":null}'],
  ['an object where the list should be', '{"d":{"results":{"0":{}}},"value":{"length":1,"0":{}}}'],
  ['a list of no records', '{"d":{"results":[1,"x",null,[]]},"value":[1,"x",null,[]]}'],
  ['a list that ends too early', '{"d":{"results":[{"Id":"'],
  ['two documents', '{"d":{"results":[]},"value":[]}{"d":{"results":[]},"value":[]}'],
  ['deep lists', '['.repeat(depth) + ']'.repeat(depth)],
  ['deep objects', `{"d":{"results":[${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}]},"value":[]`],
  ['JSON that says it is XML', '{"d":{"results":[]},"value":[]}', 'application/atom+xml'],
  ['a binary file', '\u0000\u0001\u0002PK\u0003\u0004', 'application/zip'],
  ['an XML bomb', `${bomb}${entry('<Name>&a20;</Name>')}`, 'application/atom+xml'],
  [
    'an external entity',
    `<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>${entry('<Name>&x;</Name>')}`,
    'application/atom+xml',
  ],
  [
    'an external document type',
    `<!DOCTYPE feed SYSTEM "http://127.0.0.1:9/evil.dtd">${entry('')}`,
    'application/xml',
  ],
  ['comments without end', `${'<!---->'.repeat(5000)}<x/>`, 'application/xml'],
  ['deep elements', '<feed>'.repeat(depth) + '</feed>'.repeat(depth), 'application/atom+xml'],
  [
    'attributes without end',
    `<feed ${Array.from({ length: 50_000 }, (_, index) => `a${index}="1"`).join(' ')}/>`,
    'application/atom+xml',
  ],
  ['open brackets', '<'.repeat(1_000_000), 'application/xml'],
  ['a prototype in XML', entry('<__proto__><Id>x</Id></__proto__>'), 'application/atom+xml'],
];

const bodies = given.map(([name, body, type = jsonType]) => [name, body, type] as const);

describe.each(faces)('answers of a server that means no good, $dialect', (face) => {
  const { dialect, entity, page, record, names } = face;
  let world: EvilWorld;

  beforeEach(async () => {
    world = await openEvilWorld();
  });
  afterEach(() => world.close());

  describe.each(ways)('%s', (_way, read) => {
    it.each(bodies)('%s is an error of the library, soon', async (_name, body, type) => {
      world.server.script = text(body, type);
      const began = process.cpuUsage();
      const error = await failureOf(read(world.connect({ dialect }), entity));
      expect(error).toBeInstanceOf(LegacyError);
      expect(String(error)).not.toContain(password);
      expect(String(error).length).toBeLessThan(1000);
      // Of the processor: other tests may keep it busy.
      expect(process.cpuUsage(began).user / 1000).toBeLessThan(4000);
    });

    it.each([400, 404, 500, 503])('the same with status %i', async (status) => {
      for (const [, body, type] of bodies) {
        world.server.script = text(body, type, status);
        const error = await failureOf(read(world.connect({ dialect }), entity));
        expect(error).toBeInstanceOf(LegacyError);
        expect(String(error).length).toBeLessThan(1000);
      }
    });

    const values: [string, object][] = [
      ['a text that is none', { [names.text]: { toString: 'x' } }],
      ['a number for a text', { [names.text]: 12 }],
      ['half a number', { [names.whole]: 1.5 }],
      ['a number beyond all', { [names.whole]: 'X1E400' }],
      ['a text for a number', { [names.whole]: '12; DROP TABLE' }],
      ['a decimal that is none', { [names.decimal]: 'NaN' }],
      ['a decimal that would fill the memory', { [names.decimal]: 'X1E400000000' }],
      ['an instant that is none', { [names.instant]: 'yesterday' }],
      ['30 February', { [names.instant]: '2026-02-30T00:00:00Z' }],
      ['25 o’clock', { [names.instant]: '2026-02-20T25:00:00Z' }],
      ['milliseconds beyond all', { [names.instant]: '/Date(99999999999999999)/' }],
      ['year 275761', { [names.instant]: '/Date(8640000000000001)/' }],
      ['an instant that is a number', { [names.instant]: 1_700_000_000 }],
      ...(names.day === undefined
        ? []
        : ([
            ['a day in year 10000', { [names.day]: '/Date(253402300800000)/' }],
            ['a day in year 10000, as ISO', { [names.day]: '10000-01-01' }],
            ['a day before year 1', { [names.day]: '-000001-01-01T00:00:00Z' }],
          ] as [string, object][])),
      ['no key', { AccountId: undefined, accountid: undefined, Id: undefined }],
      ['a key that is null', { AccountId: null, accountid: null, Id: null }],
      ['a key that is no GUID', { AccountId: '../x', accountid: '../x', Id: '../x' }],
      [
        'a key with a quote',
        ((key) => ({ AccountId: key, accountid: key, Id: key }))("a' or 1 eq 1"),
      ],
      [
        'a key twice as long',
        ((key) => ({ AccountId: key, accountid: key, Id: key }))('{'.repeat(72)),
      ],
    ];

    it.each(values)('%s is an error that names the property and no value', async (_name, more) => {
      world.server.script = (_request, response) => {
        const body = JSON.stringify(page([record(1), record(2, more)]));
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(body.replace(/"X(1E\d+)"/, '$1'));
      };
      const error = await failureOf(read(world.connect({ dialect }), entity));
      expect(error).toBeInstanceOf(LegacyResponseError);
      expect(String(error)).toMatch(
        /cannot be read: (?:the property \w+ came|a record of \w+ came)/,
      );
      expect(String(error)).not.toContain('DROP TABLE');
    });

    it('members that every object has are members like others', async () => {
      const body = JSON.stringify(page([record(1, { [names.text]: 'x' })]));
      const evil =
        '"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}},"toString":1,';
      world.server.script = text(
        body.replace(/\{(?="(?:AccountId|accountid|Id)")/, `{${evil}`),
        jsonType,
      );
      const records = (await read(world.connect({ dialect }), entity)) as { values: object }[];
      expect(records).toHaveLength(1);
      expect(({} as { polluted?: string }).polluted).toBeUndefined();
      expect((records[0]?.values as { polluted?: string }).polluted).toBeUndefined();
      expect(records[0]?.values).toMatchObject({ [names.text]: 'x' });
    });

    it('GUIDs in braces and in upper case are the same keys', async () => {
      const key = 'A3BB189E-8BF9-4C8C-9F0F-3D1F2B1C0E11';
      world.server.script = (_request, response) => {
        const given = { AccountId: `{${key}}`, accountid: key, Id: `{${key}}` };
        json(response, page([record(1, given)]));
      };
      const records = await read(world.connect({ dialect }), entity);
      expect(records).toMatchObject([{ key: key.toLowerCase() }]);
    });

    it('a record that comes twice comes once', async () => {
      world.server.script = (_request, response) => {
        json(response, page([record(1), record(1), record(2), record(1)]));
      };
      await expect(read(world.connect({ dialect }), entity)).resolves.toHaveLength(2);
    });

    it('characters of all kinds are kept as they came', async () => {
      const odd = 'a\u0000b\u2028c\ud83d\ude00\u202e"\\\'';
      world.server.script = (_request, response) => {
        json(response, page([record(1, { [names.text]: odd })]));
      };
      const records = await read(world.connect({ dialect }), entity);
      expect(records).toMatchObject([{ values: { [names.text]: odd } }]);
    });
  });

  it('a record of another key is not the one that was asked for', async () => {
    world.server.script = (_request, response) => {
      const [one] =
        (page([record(2)]) as { value?: object[]; d?: { results: object[] } }).value ?? [];
      json(response, one ?? { d: record(2) });
    };
    const error = await failureOf(world.connect({ dialect }).get(entity, key(1)));
    expect(error).toBeInstanceOf(LegacyResponseError);
  });

  const key = (number: number): string =>
    `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

  it.each([
    ['years', '999999999999', 999_999_999_999_000],
    ['more than a number holds', '9'.repeat(400), Infinity],
    ['a negative time', '-5', 0],
    ['no number', 'NaN', 1000],
    ['a date in the past', 'Fri, 01 Jan 1999 00:00:00 GMT', 0],
    ['nothing', ' ', 1000],
    ['a formula', '1e9', 1000],
  ])('Retry-After of %s is no longer than half a minute', async (_name, wait, told) => {
    world.server.script = (_request, response) => {
      response.writeHead(429, { 'Retry-After': wait }).end();
    };
    // Each in limits of its own: the pause is obeyed by all of one user.
    const error = await failureOf(
      world.connect({ dialect, baseUrl: `${world.server.root}/${told}` }).list(entity),
    );
    expect(error).toBeInstanceOf(LegacyThrottledError);
    expect((error as LegacyThrottledError).retryAfterMs).toBe(told);
  });

  it('an ETag with line ends reaches no header', async () => {
    const evil = 'W/"1"\r\nX-Evil: yes';
    world.server.script = (_request, response) => {
      json(response, {
        ...record(1),
        d: { ...record(1), __metadata: { etag: evil } },
        '@odata.etag': evil,
      });
    };
    const client = world.connect({ dialect });
    const { version } = await client.get(entity, key(1));
    if (version === null) return;
    const changes = { [entity.properties[0]?.name ?? '']: 'x' };
    const update = { kind: 'update', entity, key: key(1), changes, ifMatch: version } as const;
    for (const call of [
      () => client.update(entity, key(1), changes, { ifMatch: version }),
      () => client.delete(entity, key(1), { ifMatch: version }),
      () => client.batch([update]),
    ]) {
      const error = await failureOf(call());
      if (error !== undefined) expect(error).toMatchObject({ outcome: 'refused' });
    }
    for (const { headers, body } of world.server.received) {
      expect(headers['x-evil']).toBeUndefined();
      expect(body).not.toContain('\nX-Evil');
    }
  });
});
