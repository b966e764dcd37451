import { auth, type LegacyClient, LegacyError } from '../../../legacy-client';
import { account } from '../entities';
import { json, type Script, type ScriptedServer, startServer } from '../scripted-server';
import { failureOf, password } from './evil-server';
import { closingClients } from '../closing-clients';

const servers: ScriptedServer[] = [];
const openClient = closingClients();

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(script?: Script): Promise<ScriptedServer> {
  const server = await startServer(script);
  servers.push(server);
  return server;
}

function connect({ root }: ScriptedServer): LegacyClient {
  return openClient({
    ...{ baseUrl: root, dialect: 'dynamics2011', maxAttempts: 1, timeoutMs: 60_000 },
    auth: auth.adfsForms({ username: 'ada', password, adfsUrl: `${root}/adfs/ls/` }),
  });
}

const html =
  (page: string): Script =>
  (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(page);
  };
const form = (action: string, inner = '', method = 'post'): string =>
  `<html><body><form method="${method}" action="${action}">${inner}
     <input name="UserName"><input type="password" name="Password"></form></body></html>`;

const mentions = ({ received }: ScriptedServer): boolean =>
  JSON.stringify(received).includes(password);

describe('login pages that mean no good', () => {
  it.each([
    ['another server', (other: string) => form(`${other}/collect`)],
    [
      'another server, by a base address',
      (other: string) =>
        form('collect').replace('<body>', `<head><base href="${other}/"></head><body>`),
    ],
    [
      'another server, by the button',
      (other: string) =>
        form('', `<button type="submit" formaction="${other}/collect">Go</button>`),
    ],
    ['the address itself', () => form('', '', 'get')],
    ['a script', () => form('javascript:alert(1)')],
  ])('a form that sends the password to %s never gets it', async (_name, page) => {
    const other = await serve((_request, response) => json(response, {}));
    const server = await serve(html(page(other.root)));
    expect(await failureOf(connect(server).list(account))).toBeInstanceOf(LegacyError);
    expect(mentions(other)).toBe(false);
    expect(server.received.some(({ url }) => url.includes(password))).toBe(false);
  });

  it('redirects without end are given up, and take no password along', async () => {
    const other = await serve((_request, response) => json(response, {}));
    const server = await serve(({ method }, response, number) => {
      if (method === 'GET' && number < 3) {
        response.writeHead(200, { 'Content-Type': 'text/html' }).end(form('/again'));
      } else {
        const Location = number > 30 ? `${other.root}/x` : `/again?n=${number}`;
        response.writeHead(302, { Location }).end();
      }
    });
    expect(await failureOf(connect(server).list(account))).toBeInstanceOf(LegacyError);
    expect(server.received.length).toBeLessThan(40);
    expect(server.received.filter(({ body }) => body.includes(password)).length).toBeLessThan(2);
    expect(other.received).toEqual([]);
  });

  it.each([
    ['forms without end', '<form method="post" action="/x">'.repeat(20_000)],
    ['fields without end', form('/x', '<input type="hidden" name="a" value="b">'.repeat(20_000))],
    ['elements within each other', `${'<div>'.repeat(5_000)}${form('/x')}`],
    [
      'a field without an end',
      form('/x', `<input type="hidden" name="a" value="${'b'.repeat(1e6)}`),
    ],
    ['nothing but brackets', '<'.repeat(1_000_000)],
  ])('%s end soon, and with an error', async (_name, page) => {
    const server = await serve(html(page));
    const began = process.cpuUsage();
    expect(await failureOf(connect(server).list(account))).toBeInstanceOf(LegacyError);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(15_000);
    expect(server.received.length).toBeLessThan(40);
  });

  it('cookies for other domains are not kept, those of the server are', async () => {
    const server = await serve(({ headers, method }, response) => {
      const { cookie = '' } = headers;
      if (cookie.includes('own=1')) {
        json(response, { d: { results: [] } });
        return;
      }
      const cookies = ['own=1; Path=/', 'evil=1; Domain=example.com', 'evil=2; Domain=com'];
      const odd = [
        'evil=3; Domain=.0.0.1',
        '__proto__=evil; Domain=example.org',
        '=evil4; Domain=x',
      ];
      response.writeHead(method === 'POST' ? 302 : 200, {
        ...{ 'Content-Type': 'text/html', Location: '/service/' },
        'Set-Cookie': method === 'POST' ? [...cookies, ...odd] : [],
      });
      response.end(form('/service/enter'));
    });
    await failureOf(connect(server).list(account));
    const sent = server.received.map(({ headers }) => headers.cookie ?? '').join('\n');
    expect(sent).toContain('own=1');
    expect(sent).not.toContain('evil');
  });
});
