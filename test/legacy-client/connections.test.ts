import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createLegacyClient } from '../../legacy-client';
import { account, guid } from './entities';

test('connections are kept between requests, and closed with the client', async () => {
  const sockets: Socket[] = [];
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ d: { AccountId: guid(1) } }));
  });
  server.on('connection', (socket: Socket) => {
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  const client = createLegacyClient({ baseUrl, dialect: 'dynamics2011' });
  for (let request = 0; request < 5; request += 1) await client.get(account, guid(1));
  expect(sockets).toHaveLength(1);
  const closed = new Promise((resolve) => sockets[0]?.once('close', resolve));
  client.close();
  await closed;
  await new Promise((resolve) => server.close(resolve));
});
