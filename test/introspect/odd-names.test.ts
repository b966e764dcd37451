import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { readCsdl } from '../../legacy-client';
import { planModels, sourcesOf, writeFiles } from '../../src/introspect';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { oddMetadata } from './odd-document';

const root = path.resolve(__dirname, '../..');
const plan = planModels(readCsdl(oddMetadata), { dialect: 'odata4' });

/** Makes every table, reads each by all of its columns, and has each mapping checked against its model. */
const program = `import { Sequelize } from 'sequelize';
import { connectLegacy, createLegacyClient, skipLegacy } from 'sequelize-dual-write';
import { defineModels } from './models';
import { migrators } from './migrators';

async function main(): Promise<void> {
  const sequelize = new Sequelize(process.env.DATABASE_URL ?? '', { logging: false });
  const models = defineModels(sequelize);
  await sequelize.sync();
  const client = createLegacyClient({ baseUrl: 'http://127.0.0.1:1', dialect: 'odata4' });
  const dualWrite = await connectLegacy(sequelize, { client, migrators });
  await skipLegacy(async () => {
    for (const model of Object.values(sequelize.models)) await model.findAll();
  });
  await dualWrite.close();
  client.close();
  console.log(Object.keys(models).length, migrators.length);
  await sequelize.close();
}

void main();
`;

describe('a document in which whatever can clash does', () => {
  let folder: string;
  let database: TestDatabase;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'introspect-'));
    database = await createTestDatabase();
    await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    await writeFiles(plan, folder);
    await writeFile(path.join(folder, 'main.ts'), program);
    const compilerOptions = {
      ...{ noEmit: true, rootDir: '/', types: ['node'], skipLibCheck: true },
      paths: { 'sequelize-dual-write': [path.join(root, 'src/index.ts')] },
    };
    const config = {
      ...{ extends: path.join(root, 'tsconfig.json'), compilerOptions },
      include: ['./*/*.ts', './main.ts'],
    };
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  });

  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const run = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, DATABASE_URL: database.url },
    }).catch((error: unknown) => error as { stdout: string; stderr: string });

  it('becomes sources that compile', async () => {
    const typescript = path.join(root, 'node_modules/typescript/bin/tsc');
    expect(await run(typescript, '--project', folder)).toMatchObject({ stdout: '' });
  }, 120_000);

  it('becomes models and tables that live side by side', async () => {
    const tsx = path.join(root, 'node_modules/tsx/dist/cli.mjs');
    const made = await run(tsx, '--tsconfig', path.join(folder, 'tsconfig.json'), 'main.ts');
    expect(made).toEqual({ stdout: '15 15\n', stderr: '' });
  }, 120_000);
});

it('has a model for each type, of one name in two namespaces as well', () => {
  const models = plan.models.map(({ model, entity: { entitySet } }) => [entitySet, model]);
  expect(Object.fromEntries(models)).toMatchObject({
    Sales_Office_Set: 'SalesOffice',
    HR_Office_Set: 'HrOffice',
    Sales_Index_Set: 'IndexRecord',
    Sales_Person_Set: 'Person',
    Sales_People_Set: 'PeopleRecord',
  });
  const files = sourcesOf(plan);
  expect(files.get('migrators/desk.ts')).toContain("{ model: 'HrOffice' }");
  expect(files.get('migrators/hr-office.ts')).toContain("{ model: 'SalesOffice' }");
});

it('takes type definitions for what they stand for, and complex types for nothing else', () => {
  const files = sourcesOf(plan);
  const person = files.get('migrators/person.ts');
  expect(files.get('models/person.ts')).toContain('code: DataTypes.STRING(20)');
  for (const left of ['Colour: Colour', 'Pay: Money', 'Made: constructor']) {
    expect(person).toContain(`// - ${left} has no field kind`);
  }
  expect(person).toContain('// - Codes: a collection has no column');
});

it('keeps letters of every script, and cuts names that a database would cut', () => {
  const names = plan.models.find(({ model }) => model === 'Names');
  const attributes = names?.attributes.map(({ attribute }) => attribute) ?? [];
  expect(attributes).toEqual(
    expect.arrayContaining(['größe', '名前', '住所', 'улица', 'улицаДом']),
  );
  expect(attributes).toContain('toStringValue');
  const long = attributes.filter((name) => name.startsWith('aVeryLong'));
  expect(long).toHaveLength(2);
});
