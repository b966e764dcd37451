import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleSchema, runSandbox, startSandbox } from '../../../legacy-client/sandbox';

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-schema-'));
  file = join(folder, 'schema.json');
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('a sandbox runs with a schema from a file, and says where', async () => {
  await writeFile(file, JSON.stringify(exampleSchema.slice(0, 1)));
  const lines: string[] = [];
  const sandbox = await runSandbox({ port: 0, schemaFile: file, log: (line) => lines.push(line) });
  try {
    await sandbox.createAsLegacyUser('optevia_country', { optevia_name: 'Nowhere' });
    await expect(sandbox.records('account')).rejects.toThrow('no entity account');
    const told = lines.join('\n');
    for (const url of [sandbox.url, sandbox.url2011, sandbox.urlDataverse]) {
      expect(told).toContain(url);
    }
  } finally {
    await sandbox.close();
  }
});

const entity = {
  logicalName: 'a',
  schemaName: 'A',
  collectionName: 'as',
  key: 'AId',
  properties: [],
};

test.each([
  ['not a list', {}, 'a list at entities'],
  ['a missing name', [{ ...entity, key: undefined }], 'a string at entities[0].key'],
  [
    'an unknown kind',
    [{ ...entity, properties: [{ name: 'X', kind: 'text' }] }],
    'at entities[0].properties[0].kind',
  ],
  [
    'a wrong length',
    [{ ...entity, properties: [{ name: 'X', kind: 'string', maxLength: '5' }] }],
    'a number at entities[0].properties[0].maxLength',
  ],
  [
    'a lookup to nothing',
    [{ ...entity, properties: [{ name: 'X', kind: 'lookup', target: 'b' }] }],
    'a.X points to b',
  ],
  ['an entity twice', [entity, entity], 'the entity a twice'],
  [
    'a relationship without a name',
    [{ ...entity, manyToMany: [{ to: 'a' }] }],
    'a string at entities[0].manyToMany[0].name',
  ],
  [
    'a relationship to nothing',
    [{ ...entity, manyToMany: [{ name: 'x', to: 'b' }] }],
    'The relationship x points to b',
  ],
])('a schema with %s is refused with its place', async (_what, schema, message) => {
  await writeFile(file, JSON.stringify(schema));
  const running = runSandbox({ port: 0, schemaFile: file, log: () => undefined });
  await expect(running).rejects.toThrow(message);
});

test('a file that is not there is named', async () => {
  const schemaFile = join(folder, 'nothing.json');
  const running = runSandbox({ port: 0, schemaFile, log: () => undefined });
  await expect(running).rejects.toThrow(schemaFile);
});

test('without the address entity an account comes alone', async () => {
  const schema = exampleSchema.filter(({ logicalName }) => logicalName !== 'customeraddress');
  const sandbox = await startSandbox({ schema });
  try {
    await sandbox.createAsLegacyUser('account', { Name: 'A' });
    expect(await sandbox.records('account')).toHaveLength(1);
  } finally {
    await sandbox.close();
  }
});
