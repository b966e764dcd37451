import type { Command } from 'commander';
import { Op, type FindOptions, type Model, type ModelStatic } from 'sequelize';
import type { LegacyStatics } from '../sync';
import { datePart, type PartOfDate } from '../model/date-part';
import { UsageError } from './exit-codes';
import { configHelp, withConfiguration } from './with-configuration';

interface ExplainOptions {
  readonly config?: string;
  readonly order?: string;
  readonly limit?: string;
  readonly include?: string;
  readonly json?: boolean;
}

/** Add `dual-write explain`. */
export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .description(
      'show what a read asks the legacy system, and what is decided here; nothing is sent',
    )
    .argument('<model>', 'as it is defined: Organisation')
    .argument('[where]', `as JSON, operators by name: '{"employees":{"$gte":4}}'`)
    .option('--order <list>', "'createdAt DESC,employees'")
    .option('--limit <number>', 'how many rows are wanted')
    .option('--include <list>', "associations: 'contacts,sector'")
    .option('--config <file>', configHelp)
    .option('--json', 'print all that is known as JSON')
    .action(printExplanation);
}

async function printExplanation(
  name: string,
  where: string | undefined,
  options: ExplainOptions,
): Promise<void> {
  const read = findOptions(where, options);
  await withConfiguration(options.config, async (connected) => {
    const models = connected.sequelize?.models;
    if (!models) throw new UsageError('The configuration gives no sequelize: return it, too.');
    const model = models[name];
    if (!isExplained(model)) {
      const known = Object.keys(models).filter((one) => isExplained(models[one]));
      throw new UsageError(`There is no synced model ${name}, only ${known.join(', ')}.`);
    }
    const explanation = await model.explainSync(read);
    console.log(options.json ? JSON.stringify(explanation, undefined, 2) : explanation.toString());
  });
}

function isExplained(
  model: ModelStatic<Model> | undefined,
): model is ModelStatic<Model> & LegacyStatics {
  return model !== undefined && 'explainSync' in model;
}

function findOptions(where: string | undefined, options: ExplainOptions): FindOptions {
  const { order, limit, include } = options;
  return {
    ...(where !== undefined && { where: conditionIn(where) as FindOptions['where'] }),
    ...(order !== undefined && { order: listed(order).map(sortKey) }),
    ...(limit !== undefined && { limit: wholeNumber(limit) }),
    ...(include !== undefined && { include: listed(include) }),
  };
}

function listed(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function sortKey(text: string): [string, string] {
  const [attribute = '', ...direction] = text.split(/\s+/);
  return [attribute, direction.join(' ') || 'ASC'];
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new UsageError(`--limit takes a whole number, not ${text}.`);
}

function conditionIn(text: string): unknown {
  try {
    return withOperators(JSON.parse(text));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`The condition is no JSON: ${reason}`, { cause: error });
  }
}

/** `{ "$gte": 4 }` becomes `{ [Op.gte]: 4 }`, `{ "$datePart": ["year", "foundedOn", 1998] }` a `datePart`. */
function withOperators(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOperators);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string | symbol, unknown] => {
    const name = /^\$(\w+)$/.exec(key)?.[1];
    if (name === undefined) return [key, withOperators(inner)];
    if (name === 'datePart') return [Op.and, [partIn(inner)]];
    if (!(name in Op)) throw new UsageError(`There is no operator ${key}.`);
    return [Op[name as keyof typeof Op], withOperators(inner)];
  });
  return Object.fromEntries(entries);
}

function partIn(value: unknown): unknown {
  const [part, attribute, comparison] = Array.isArray(value) ? (value as unknown[]) : [];
  return datePart(part as PartOfDate, String(attribute), withOperators(comparison) as number);
}
