import { LegacyError, LegacyResponseError } from '../../../legacy-client';
import { json, type ScriptedServer } from '../scripted-server';
import { faces } from './faces';
import { failureOf, openEvilWorld, password, type EvilWorld } from './evil-server';

describe.each(faces)('the address of a next page, $dialect', (face) => {
  const { dialect, entity, page, record } = face;
  let world: EvilWorld;
  let other: ScriptedServer;
  /** The first page leads to `next`, everything else is the last page. */
  let next = '';

  beforeEach(async () => {
    world = await openEvilWorld((_request, response, number) => {
      json(response, page([record(number)], number === 1 ? next : undefined));
    });
    other = await world.elsewhere((_request, response) => json(response, page([record(99)])));
  });
  afterEach(() => world.close());

  const host = (): string => new URL(world.server.root).host;

  it.each([
    ['another port', () => `${other.root}/${entity.entitySet}?x=1`],
    ['another host', () => `http://evil.example/${entity.entitySet}`],
    ['another scheme', () => `https://${host()}/service/${entity.entitySet}?x=1`],
    ['a scheme that is none of the web', () => 'javascript:alert(1)'],
    ['a file', () => 'file:///etc/passwd'],
    ['data', () => 'data:application/json,{"value":[]}'],
    ['no scheme, another host', () => '//evil.example/service'],
    ['backslashes for slashes', () => '\\\\evil.example\\service'],
    ['a user that looks like the host', () => `http://${host()}@evil.example/service`],
    ['a name that begins like the host', () => `http://${host()}.evil.example/service`],
    ['a line end', () => `http://evil.example\r\nHost: ${host()}/`],
    ['nothing that can be read', () => 'http://[::1'],
    ['another entity set', () => `${world.server.root}/SystemUserSet?$top=1`],
  ])('with %s is not followed', async (_name, link) => {
    next = link();
    const error = await failureOf(world.connect({ dialect }).list(entity));
    expect(error).toBeInstanceOf(LegacyResponseError);
    expect(String(error)).toMatch(/its next page/);
    expect(String(error)).not.toContain(password);
    expect(world.server.received).toHaveLength(1);
    expect(other.received).toEqual([]);
  });

  it('with credentials in it is followed with our own only', async () => {
    next = world.server.root.replace('//', '//evil:secret@') + `/${entity.entitySet}?x=1`;
    await expect(world.connect({ dialect }).list(entity)).resolves.toHaveLength(2);
    const [first, second] = world.server.received;
    expect(second?.headers.authorization).toBe(first?.headers.authorization);
    expect(JSON.stringify(second)).not.toContain('evil');
  });

  it.each([
    ['itself', () => `${world.server.root}${world.server.received[0]?.url.slice(8) ?? ''}`],
    ['a fragment of itself', () => '#again'],
    ['nothing', () => '?'],
  ])('that is %s ends', async (_name, link) => {
    world.server.script = (_request, response, number) => {
      if (number > 5) json(response, page([]));
      else json(response, page([record(number)], link()));
    };
    const error = await failureOf(world.connect({ dialect }).list(entity));
    expect(error).toBeInstanceOf(LegacyResponseError);
    expect(world.server.received.length).toBeLessThanOrEqual(3);
  });

  it('in a circle of several pages ends', async () => {
    world.server.script = (_request, response, number) => {
      json(
        response,
        page([record(number)], `${world.server.root}/${entity.entitySet}?p=${number % 3}`),
      );
    };
    const error = await failureOf(world.connect({ dialect }).list(entity));
    expect(String(error)).toContain('no end');
    expect(world.server.received.length).toBeLessThanOrEqual(5);
  });

  it.each<[string, (number: number) => object[]]>([
    ['no records', () => []],
    ['the same records', () => [record(1), record(2)]],
    ['the same records in turns', (number) => [record(number % 3)]],
  ])('that is always a new one, with %s, ends', async (_name, recordsOf) => {
    const { root } = world.server;
    world.server.script = (_request, response, number) => {
      json(response, page(recordsOf(number), `${root}/${entity.entitySet}?p=${number}`));
    };
    const client = world.connect({ dialect });
    const inParts = async (): Promise<void> => {
      for await (const { next } of client.linkedPages(entity)) expect(next).not.toBeNull();
    };
    for (const read of [() => client.list(entity), inParts]) {
      const error = await failureOf(read());
      expect(error).toBeInstanceOf(LegacyResponseError);
      expect(String(error)).toContain('there is always another one');
    }
    expect(world.server.received.length).toBeLessThan(220);
  });

  it('is not another one by what is behind a #', async () => {
    const { root } = world.server;
    world.server.script = (_request, response, number) => {
      json(response, page([record(number)], `${root}/${entity.entitySet}?p=1#${number}`));
    };
    expect(String(await failureOf(world.connect({ dialect }).list(entity)))).toContain('no end');
    expect(world.server.received).toHaveLength(2);
  });

  it.each([12, true, {}, ['x'], null])('that is %p is none', async (link) => {
    world.server.script = (_request, response) => json(response, page([record(1)], link as string));
    const found = await failureOf(world.connect({ dialect }).list(entity));
    expect(found === undefined || found instanceof LegacyError).toBe(true);
    expect(world.server.received).toHaveLength(1);
  });

  it('that was kept by somebody else is judged again', async () => {
    const client = world.connect({ dialect });
    for (const from of [`${other.root}/x`, 'http://evil.example/', '//evil.example', 'x']) {
      const pages = client.linkedPages(entity, {}, { from })[Symbol.asyncIterator]();
      expect(await failureOf(pages.next())).toBeInstanceOf(LegacyError);
    }
    expect([...other.received, ...world.server.received]).toEqual([]);
  });

  it('a redirect is followed nowhere', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      world.server.script = (_request, response) => {
        response.writeHead(status, { Location: `${other.root}/${entity.entitySet}` }).end();
      };
      expect(await failureOf(world.connect({ dialect }).list(entity))).toBeInstanceOf(LegacyError);
    }
    expect(other.received).toEqual([]);
  });
});

describe('delta links of Dataverse', () => {
  const face = faces[1];
  if (face === undefined) throw new Error('no face');

  it('that are always new ones, with nothing, end', async () => {
    const world = await openEvilWorld();
    world.server.script = (_request, response, number) => {
      json(response, face.page([], `${world.server.root}/${face.entity.entitySet}?p=${number}`));
    };
    const read = async (): Promise<void> => {
      for await (const { token } of world.connect({ dialect: 'dataverse' }).changes(face.entity)) {
        expect(token).toBeUndefined();
      }
    };
    expect(String(await failureOf(read()))).toContain('there is always another one');
    await world.close();
  });
  const { dialect, entity, page, record } = face;
  let world: EvilWorld;

  beforeEach(async () => {
    world = await openEvilWorld();
  });
  afterEach(() => world.close());

  it('that lead elsewhere are neither given out nor followed', async () => {
    const other = await world.elsewhere();
    for (const member of ['@odata.deltaLink', '@odata.nextLink']) {
      world.server.script = (_request, response) => {
        json(response, { ...page([record(1)]), [member]: `${other.root}/accounts?$deltatoken=1` });
      };
      const changes = world.connect({ dialect }).changes(entity)[Symbol.asyncIterator]();
      const all = async (): Promise<void> => {
        while ((await changes.next()).done !== true);
      };
      expect(await failureOf(all())).toBeInstanceOf(LegacyResponseError);
    }
    for (const since of [
      `${other.root}/accounts`,
      `${world.server.root.replace('//', '//u:p@')}/accounts`,
    ]) {
      const kept = world.connect({ dialect }).changes(entity, { since })[Symbol.asyncIterator]();
      expect(await failureOf(kept.next())).toBeInstanceOf(LegacyError);
    }
    expect(other.received).toEqual([]);
  });
});
