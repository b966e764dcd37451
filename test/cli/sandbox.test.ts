import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { auth, createLegacyClient } from '../../legacy-client';
import { runCommand, startCommand } from './command';

const country = {
  entitySet: 'optevia_countrySet',
  logicalName: 'optevia_country',
  key: 'optevia_countryId',
  properties: [{ name: 'optevia_name', kind: 'string' as const }],
};

/** Read until the line that says how to end it. */
async function linesUntilReady(child: ChildProcess): Promise<string[]> {
  const lines: string[] = [];
  if (child.stdout === null) throw new Error('The command has no output to read.');
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.startsWith('End with')) break;
  }
  return lines;
}

describe('dual-write sandbox', () => {
  const started: ChildProcess[] = [];

  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('serves what it says, until %s', async (signal) => {
    const child = startCommand(['sandbox', '--port', '0']);
    started.push(child);
    const lines = await linesUntilReady(child);
    const [, baseUrl = ''] =
      /dialect: 'dynamics2011', baseUrl: '([^']+)'/.exec(lines.join('\n')) ?? [];
    expect(lines).toContain(`  Dynamics 2011: ${baseUrl}`);
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}Dataverse: +http.*\/api\/data\/v9\.2$/),
    );

    const client = createLegacyClient({ baseUrl, dialect: 'dynamics2011' });
    await client.create(country, { optevia_name: 'Ruritania' });
    const records = await client.list(country);
    expect(records.map(({ values }) => values.optevia_name)).toEqual(['Ruritania']);
    client.close();

    const ended = once(child, 'exit');
    child.kill(signal);
    await expect(ended).resolves.toEqual([0, null]);
  });

  it('asks for a login when it is told to, and says which', async () => {
    const child = startCommand(['sandbox', '--port', '0', '--login', 'ntlm']);
    started.push(child);
    const lines = (await linesUntilReady(child)).join('\n');
    const account = { username: 'sandbox', password: 'sandbox' };
    expect(lines).toContain("auth: auth.ntlm({ username: 'sandbox', password: 'sandbox' })");
    const [, baseUrl = ''] = /dialect: 'dynamics2011', baseUrl: '([^']+)'/.exec(lines) ?? [];
    const stranger = createLegacyClient({ baseUrl, dialect: 'dynamics2011' });
    await expect(stranger.list(country)).rejects.toThrow('401');
    const client = createLegacyClient({
      baseUrl,
      dialect: 'dynamics2011',
      auth: auth.ntlm(account),
    });
    await expect(client.list(country)).resolves.toEqual([]);
    for (const one of [stranger, client]) one.close();
    const refused = await runCommand(['sandbox', '--login', 'kerberos']);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('none, basic, bearer'),
    });
  });

  it('says that a port is taken, and what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await expect(runCommand(['sandbox', '--port', String(port)])).resolves.toEqual({
      code: 1,
      stdout: '',
      stderr: `dual-write: Port ${port} is taken. Name another with --port, or 0 for a free one.\n`,
    });
    server.close();
  });

  it('says what is wrong with a schema file', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'dual-write-schema-'));
    const file = path.join(folder, 'schema.json');
    await writeFile(file, '[{}]');
    const { code, stderr } = await runCommand(['sandbox', '--port', '0', '--schema', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^dual-write: .*schema\.json.*\n$/);
    await rm(folder, { recursive: true });
  });
});
