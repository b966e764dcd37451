import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCsdl } from '../../legacy-client';
import { type IntrospectionPlan, planModels, writeFiles } from '../../src/introspect';
import { dataverseMetadata } from './documents';

function planOf(document: string): IntrospectionPlan {
  return planModels(readCsdl(document), { dialect: 'dataverse', entities: ['account', 'contact'] });
}

describe('files that are kept', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'introspect-'));
    await writeFiles(planOf(dataverseMetadata), folder);
  });

  afterEach(() => rm(folder, { recursive: true }));

  const differences = async (document: string): Promise<Record<string, readonly string[]>> =>
    Object.fromEntries((await writeFiles(planOf(document), folder)).differences);

  it('differ in nothing while the service says the same, whatever their layout', async () => {
    expect(await differences(dataverseMetadata)).toEqual({});
    const prettier = path.resolve(__dirname, '../../node_modules/prettier/bin/prettier.cjs');
    const layout = ['--no-config', '--print-width', '40', '--tab-width', '8', '--write', folder];
    execFileSync(process.execPath, [prettier, ...layout]);
    expect(await readFile(path.join(folder, 'models/account.ts'), 'utf8')).toContain('"sequelize"');
    expect(await differences(dataverseMetadata)).toEqual({});
  });

  it('show what the service has now, and what it has no longer', async () => {
    const changed = dataverseMetadata
      .replace('Name="new_foundedon"', 'Name="new_closedon"')
      .replace('MaxLength="160"', 'MaxLength="200"')
      .replace('Name="revenue" Type="Edm.Decimal"', 'Name="revenue" Type="Edm.Int32"');
    expect(await differences(changed)).toEqual({
      'migrators/account.ts': [
        "+ revenue: field.integer('revenue')",
        "+ closedon: field.dateOnly('new_closedon')",
        "- field.dateOnly('new_foundedon')",
      ],
      'models/account.ts': ['+ name: DataTypes.STRING(200)', '+ revenue: DataTypes.INTEGER'],
    });
  });

  it('show a model that has come', async () => {
    const all = planModels(readCsdl(dataverseMetadata), { dialect: 'dataverse' });
    await rm(folder, { recursive: true });
    const only = planModels(readCsdl(dataverseMetadata), {
      ...{ dialect: 'dataverse', entities: ['contact'] },
    });
    await writeFiles(only, folder);
    const { differences: found } = await writeFiles(all, folder);
    expect(found.get('models/index.ts')).toEqual(['+ Account']);
    expect(found.get('migrators/index.ts')).toEqual(['+ Account']);
  });
});
