import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Command, Option } from 'commander';
import {
  auth,
  createLegacyClient,
  type DialectName,
  type LegacyClient,
  readCsdl,
  type ServiceMetadata,
} from '../../legacy-client';
import {
  type Drift,
  driftOf,
  type IntrospectionPlan,
  planModels,
  UnknownEntityError,
  writeFiles,
} from '../introspect';
import { UsageError } from './exit-codes';
import { tableLines } from './table';
import { withConfiguration } from './with-configuration';

interface IntrospectOptions {
  readonly url?: string;
  readonly file?: string;
  readonly dialect?: DialectName;
  readonly entities?: string;
  readonly out: string;
  readonly check?: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

const dialects: readonly DialectName[] = ['dynamics2011', 'dataverse', 'odata2', 'odata4'];

/** Add `dual-write introspect`. */
export function addIntrospectCommand(program: Command): void {
  program
    .command('introspect')
    .description("write models and migrators from the service's $metadata, or compare them with it")
    .option(
      '--url <root>',
      'the service; LEGACY_USERNAME and LEGACY_PASSWORD, or LEGACY_TOKEN, log in',
    )
    .option('--file <metadata.xml>', 'a $metadata document instead of a service')
    .addOption(new Option('--dialect <name>', 'for --url and --file').choices([...dialects]))
    .option('--entities <names>', 'only these entities or entity sets: account,contact')
    .option('--out <folder>', 'where models/ and migrators/ are written', '.')
    .option('--check', 'compare the mappings of the configuration; exit code 1 when one is broken')
    .option('--json', 'with --check: print the differences as JSON')
    .option(
      '--config <file>',
      'without --url and --file; default: dual-write.config.ts, .js or .cjs',
    )
    .action(introspect);
}

async function introspect(options: IntrospectOptions): Promise<void> {
  if (options.check) {
    await check(options);
    return;
  }
  const { metadata, dialect } = await describedService(options);
  const entities = options.entities?.split(',').map((name) => name.trim());
  const plan = planned(metadata, { dialect, ...(entities && { entities }) });
  const folder = path.resolve(options.out);
  const { written, kept, differences } = await writeFiles(plan, folder);
  for (const name of written) console.log(`written  ${name}`);
  for (const name of kept) {
    console.log(`kept     ${name} (it was there)`);
    for (const line of differences.get(name) ?? []) console.log(`           ${line}`);
  }
  if (differences.size > 0) console.log('\n+ only in the service, - only here.');
  for (const line of leftOutLines(plan)) console.log(line);
}

function planned(
  metadata: ServiceMetadata,
  choice: Parameters<typeof planModels>[1],
): IntrospectionPlan {
  try {
    return planModels(metadata, choice);
  } catch (error) {
    if (error instanceof UnknownEntityError) throw new UsageError(error.message);
    throw error;
  }
}

function leftOutLines({ models, leftOut }: IntrospectionPlan): string[] {
  const entities = leftOut.map(({ entity, reason }) => `${entity}: ${reason}`);
  const counts = models
    .filter((plan) => plan.leftOut.length > 0)
    .map(({ model, file, leftOut: { length } }) => {
      const parts = length === 1 ? '1 part' : `${length} parts`;
      return `${model}: ${parts}, named in migrators/${file}.ts`;
    });
  const guesses = models.flatMap((plan) =>
    plan.attributes
      .filter(({ target }) => target?.isGuessed)
      .map(
        ({ attribute, target }) => `${plan.model}.${attribute}: to ${target?.model.model ?? ''}`,
      ),
  );
  return [
    ...section('Not mapped:', [...entities, ...counts]),
    ...section('Guessed by name; look at each:', guesses),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

interface DescribedService {
  readonly metadata: ServiceMetadata;
  readonly dialect: DialectName;
}

async function describedService(options: IntrospectOptions): Promise<DescribedService> {
  const { url, file, dialect } = options;
  if (url === undefined && file === undefined) return ofConfiguration(options);
  if (!dialect) throw new UsageError(`Say which --dialect it is: ${dialects.join(', ')}.`);
  const described =
    file === undefined
      ? await ofUrl(url, dialect)
      : { metadata: await metadataOfFile(file), dialect };
  requireSpoken(described);
  return described;
}

/** NOTE: types and lookups are written otherwise in each version: models of the wrong one are nonsense. */
function requireSpoken({ metadata: { version }, dialect }: DescribedService): void {
  const spoken = dialect === 'dataverse' || dialect === 'odata4' ? 4 : 2;
  if ((version === 4) === (spoken === 4)) return;
  const wanted = `--dialect ${dialect} speaks OData ${spoken}`;
  throw new UsageError(`The document is of OData ${version}, and ${wanted}.`);
}

async function ofUrl(url: string | undefined, dialect: DialectName): Promise<DescribedService> {
  const client = createLegacyClient({ baseUrl: url ?? '', dialect, ...loginOfEnvironment() });
  try {
    return { metadata: await client.metadata(), dialect };
  } finally {
    client.close();
  }
}

function loginOfEnvironment(): Pick<Parameters<typeof createLegacyClient>[0], 'auth'> {
  const { LEGACY_USERNAME: username, LEGACY_PASSWORD: password, LEGACY_TOKEN: token } = process.env;
  if (token) return { auth: auth.bearer({ token: () => Promise.resolve(token) }) };
  return username && password ? { auth: auth.basic({ username, password }) } : {};
}

async function metadataOfFile(file: string): Promise<ServiceMetadata> {
  const bytes = await readFile(path.resolve(file)).catch((error: unknown) => {
    throw new UsageError(`${file} cannot be read.`, { cause: error });
  });
  try {
    return readCsdl(decoded(bytes));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${file} is no $metadata document: ${reason}.`, { cause: error });
  }
}

/** NOTE: PowerShell and Windows' editors save what was downloaded as UTF-16. */
function decoded(bytes: Buffer): string {
  const mark = bytes.toString('hex', 0, 2);
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding, { fatal: true }).decode(bytes);
}

async function ofConfiguration({ config }: IntrospectOptions): Promise<DescribedService> {
  return withConfiguration(config, async (connected) => {
    return await describedBy(connected.dualWrite.client);
  });
}

async function describedBy(client: LegacyClient): Promise<DescribedService> {
  return { metadata: await client.metadata(), dialect: client.dialect.name };
}

async function check(options: IntrospectOptions): Promise<void> {
  await withConfiguration(options.config, async (connected) => {
    const { client, mappings } = connected.dualWrite;
    const isElsewhere = options.url !== undefined || options.file !== undefined;
    const described = isElsewhere
      ? await describedService({ ...options, dialect: client.dialect.name })
      : await describedBy(client);
    report(driftOf(mappings, described.metadata, client.dialect), options);
  });
}

/** @throws Error when a mapping cannot work any more. */
function report(drift: readonly Drift[], { json }: IntrospectOptions): void {
  if (json) console.log(JSON.stringify(drift, undefined, 2));
  else for (const line of driftLines(drift)) console.log(line);
  const broken = drift.filter(({ severity }) => severity === 'broken').length;
  if (broken > 0) throw new Error(`${broken} mapped name(s) no longer fit the service.`);
}

function driftLines(drift: readonly Drift[]): string[] {
  if (drift.length === 0) return ['All mappings fit, and map everything.'];
  const rows = drift.map(({ model, property = '(entity)', severity, what }) => ({
    model,
    property,
    severity,
    what,
  }));
  return tableLines(rows);
}
