import { DataTypes } from 'sequelize';
import type { QueryContext } from './subject';

interface DateType {
  stringify(value: unknown, options: { timezone: string }): unknown;
}

/**
 * A value, or a list of values, of a date attribute as Sequelize will print it: it reads texts and
 * numbers in ways of its own, which depend on the process and the connection. Other values stay.
 */
export function spelledOut(context: QueryContext, attribute: string, value: unknown): unknown {
  const { model } = context.mapping;
  const type: unknown = model.getAttributes()[attribute]?.type;
  if (!(type instanceof DataTypes.DATE) && !(type instanceof DataTypes.DATEONLY)) return value;
  const one = (given: unknown): unknown => {
    const isValue = typeof given === 'string' || typeof given === 'number';
    if (!isValue && !(given instanceof Date)) return given;
    const printed = (type as DateType).stringify(given, { timezone: context.timezone });
    if (type instanceof DataTypes.DATEONLY) return printed;
    // `2026-07-01 12:34:56.000 +00:00`
    const [day, time = '', zone = ''] = String(printed).split(' ');
    return new Date(`${day ?? ''}T${time}${zone}`);
  };
  return Array.isArray(value) ? value.map(one) : one(value);
}
