import { Op, type WhereOptions } from 'sequelize';
import { registeredModel } from '../../model/history';
import type { Answering } from './answer';
import type { ConformedInclude, ReadOptions } from './sequelize-internals';

type Hidden = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The options of a read, leaving out the rows whose records are gone although something still
 * refers to them; in its includes, too.
 */
export function withoutHidden<T>({ read, knowledge, effective }: Answering<T>): ReadOptions {
  const { options, synced } = read;
  const { includes } = effective;
  const { hidden } = knowledge;
  if (![...hidden.values()].some(({ size }) => size > 0)) return options;
  const where = visible(hidden, synced.mapping.name, options.where);
  return {
    ...options,
    ...(where !== undefined && { where }),
    ...(includes.length > 0 && { include: includes.map((include) => shown(hidden, include)) }),
  };
}

/** An include without the rows whose records are gone. */
export function shown(hidden: Hidden, include: ConformedInclude): ConformedInclude {
  const where = visible(hidden, registeredModel(include.model).name, include.where);
  // A condition makes an include required, unless it says otherwise.
  const required = include.required ?? include.where !== undefined;
  return {
    ...include,
    ...(where !== undefined && { where, required }),
    ...(include.include && { include: include.include.map((inner) => shown(hidden, inner)) }),
  };
}

/** A condition without the rows whose records are gone. */
export function visible(
  hidden: Hidden,
  name: string,
  where: WhereOptions | undefined,
): WhereOptions | undefined {
  const keys = hidden.get(name);
  if (!keys || keys.size === 0) return where;
  // NOTE: rows that the legacy system has never had are not to be passed over: they are ahead.
  const notHidden = { legacyId: { [Op.or]: [{ [Op.is]: null }, { [Op.notIn]: [...keys] }] } };
  return where === undefined ? notHidden : { [Op.and]: [where, notHidden] };
}
