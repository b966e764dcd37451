import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type DialectName, readCsdl } from '../../legacy-client';
import { planModels, sourcesOf, UnknownEntityError, writeFiles } from '../../src/introspect';
import { dataverseMetadata, dynamics2011Metadata, genericMetadata } from './documents';

const root = path.resolve(__dirname, '../..');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'introspect-'));
});

afterAll(() => rm(folder, { recursive: true }));

const documents: readonly (readonly [DialectName, string])[] = [
  ['dynamics2011', dynamics2011Metadata],
  ['dataverse', dataverseMetadata],
  ['odata4', dataverseMetadata],
  ['odata2', genericMetadata],
];

function sources(dialect: DialectName, document: string): ReadonlyMap<string, string> {
  return sourcesOf(planModels(readCsdl(document), { dialect }));
}

it('is TypeScript that compiles, strictly, for every dialect', async () => {
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  for (const [dialect, document] of documents) {
    const project = path.join(folder, dialect);
    await mkdir(project);
    await writeFiles(planModels(readCsdl(document), { dialect }), project);
  }
  const compilerOptions = {
    ...{ noEmit: true, rootDir: '/', types: ['node'], skipLibCheck: true },
    paths: { 'sequelize-dual-write': [path.join(root, 'src/index.ts')] },
  };
  const config = {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions,
    include: ['./*/**/*.ts'],
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  const compile = promisify(execFile)(process.execPath, [
    path.join(root, 'node_modules/typescript/bin/tsc'),
    ...['--project', folder],
  ]).catch((error: unknown) => (error as { stdout: string }).stdout);
  expect(await compile).toMatchObject({ stdout: '' });
}, 120_000);

describe('of Dynamics 2011', () => {
  const files = sources('dynamics2011', dynamics2011Metadata);

  it('has fields by the complex types, and says what is not mapped', () => {
    expect(files.get('migrators/account.ts'))
      .toBe(`import { defineMigrator, field } from 'sequelize-dual-write';
import { Account } from '../models';

// Not mapped:
// - OwnerId: a lookup; the metadata does not say what it points to
// - EntityImage: Edm.Binary has no field kind

export const accountMigrator = defineMigrator(Account, {
  entitySet: 'AccountSet',
  key: 'AccountId',
  logicalName: 'account',
  fields: {
    name: field.text('Name'),
    numberOfEmployees: field.integer('NumberOfEmployees'),
    revenue: field.money('Revenue'),
    customerTypeCode: field.optionSet('CustomerTypeCode'),
    sectorId: field.lookup('optevia_Sector', { model: 'Sector' }),
    parentAccountId: field.lookup('ParentAccountId', { model: 'Account' }),
  },
});
`);
  });

  it('marks lookups whose targets were guessed by their names', () => {
    expect(files.get('models/account.ts')).toContain(
      '/** To Sector by its name: the metadata does not say what it points to. */\n  declare sectorId: string;',
    );
  });

  it('leaves out what has no single key, and says so', () => {
    const { leftOut } = planModels(readCsdl(dynamics2011Metadata), { dialect: 'dynamics2011' });
    expect(leftOut).toEqual([
      { entity: 'ListMember', reason: 'its key has 2 properties; a mapping needs one GUID' },
    ]);
  });
});

describe('of Dataverse', () => {
  it('names lookups by their navigation, and binds the models to each other', () => {
    const files = sources('dataverse', dataverseMetadata);
    const account = files.get('migrators/account.ts');
    expect(account).toContain(
      "primarycontactId: field.lookup('primarycontactid', { model: 'Contact' })",
    );
    expect(account).toContain(
      '// - _ownerid_value: a lookup that points to any of systemuser, team',
    );
    expect(account).toContain(
      '// - account_contacts_association: many-to-many with Contact; a model of its own with `link` maps it',
    );
    expect(files.get('migrators/contact.ts')).toContain('createdOn: null,');
    // It would be read as _parentcustomerid_account_value, which is no column.
    expect(files.get('migrators/contact.ts')).toContain(
      '// - _parentcustomerid_value: a lookup by parentcustomerid_account, whose name is not that of the column',
    );
    expect(files.get('models/account.ts')).toContain('name: DataTypes.STRING(160),');
    expect(files.get('models/contact.ts')).toContain(
      'lastname: { type: DataTypes.STRING(50), allowNull: false },',
    );
  });

  it('takes the entities that were asked for, in any letters, and names what is unknown', () => {
    const metadata = readCsdl(dataverseMetadata);
    const { models } = planModels(metadata, { dialect: 'dataverse', entities: ['CONTACTS'] });
    expect(models.map(({ model }) => model)).toEqual(['Contact']);
    expect(models[0]?.leftOut).toContainEqual({
      property: '_parentcustomerid_value',
      reason: 'a lookup by parentcustomerid_account, whose name is not that of the column',
    });
    const account = planModels(metadata, { dialect: 'dataverse', entities: ['account'] });
    expect(account.models[0]?.leftOut).toContainEqual({
      property: '_primarycontactid_value',
      reason: 'a lookup to contact, which is not among the entities that are mapped',
    });
    expect(() => planModels(metadata, { dialect: 'dataverse', entities: ['lead'] })).toThrow(
      UnknownEntityError,
    );
  });
});

describe('of other services', () => {
  it('says the types that are not usual, and avoids names that are taken', () => {
    const part = sources('odata2', genericMetadata).get('migrators/part.ts');
    expect(part).toContain("serial: field.integer('Serial', { type: 'Edm.Int64' })");
    expect(part).toContain("weight: field.decimal('Weight', { type: 'Edm.Double' })");
    expect(part).toContain("madeAt: field.dateTime('MadeAt', { type: 'Edm.DateTimeOffset' })");
    expect(part).toContain("saveValue: field.string('save')");
    expect(part).toContain('// - Tags: a collection has no column');
    expect(part).toContain('// - Place: Place has no field kind');
    // The two refer to each other: only one of them can have the constraint.
    const index = sources('odata2', genericMetadata).get('models/index.ts');
    expect(index?.match(/constraints: false/g)).toHaveLength(2);
  });
});

it('never lets a name out of its quotes or its comment', () => {
  const evil = "x'); process.exit(1); ('*/ process.exit(1) /*";
  const document = genericMetadata
    .replace('Name="Weight"', `Name="${evil}"`)
    .replace('EntitySet Name="Parts"', `EntitySet Name="${evil}"`)
    .replace('Name="Tags"', `Name="*/ evil"`);
  const files = sources('odata2', document);
  expect(files.get('models/part.ts')).not.toMatch(/\*\/ process/);
  expect(files.get('migrators/part.ts')).toContain("entitySet: 'x\\'); process");
});

it('leaves files alone that are there already', async () => {
  const project = path.join(folder, 'twice');
  await mkdir(path.join(project, 'models'), { recursive: true });
  await writeFile(path.join(project, 'models/account.ts'), '// By hand.\n');
  const plan = planModels(readCsdl(dataverseMetadata), { dialect: 'dataverse' });
  const first = await writeFiles(plan, project);
  expect(first.kept).toEqual(['models/account.ts']);
  const second = await writeFiles(plan, project);
  expect(second.written).toEqual([]);
  expect(await readFile(path.join(project, 'models/account.ts'), 'utf8')).toBe('// By hand.\n');
});
