import type { Sequelize } from 'sequelize';
import type { Sandbox } from '../../../legacy-client/sandbox';
import type { Models } from '../../../models';
import type { Narrator } from './narrator';
import type { PlainSql } from './plain-sql';
import { describeChanges, takeSnapshot } from './table-changes';
import { describeWire } from './wire-lines';

/** What a chapter of the tour has at hand. */
export interface Stage {
  readonly sequelize: Sequelize;
  readonly models: Models;
  readonly sandbox: Sandbox;
  readonly sql: PlainSql;
  readonly narrator: Narrator;
}

/** One thing that happens, and how it is told. */
export interface Scene<T> {
  readonly title: string;
  /** What a user of the CRM does first. */
  readonly crmUser?: { readonly does: string; act(): Promise<unknown> };
  /** The application's call, as in its source. */
  readonly code: string;
  act(): Promise<T>;
  /** What the call gave, in a few words. */
  result?(value: T): string;
}

/** The tables of all models. */
export function tablesOf(models: Models): string[] {
  return Object.values(models).map((model) => model.tableName);
}

/** Let a scene happen and tell what it did to both sides. */
export async function play<T>(stage: Stage, scene: Scene<T>): Promise<T> {
  const { models, sandbox, sql, narrator } = stage;
  narrator.chapter(scene.title);
  if (scene.crmUser) {
    narrator.say('CRM user', scene.crmUser.does);
    await scene.crmUser.act();
  }
  const before = await takeSnapshot(sql, tablesOf(models));
  await sandbox.clearJournal();
  narrator.say('code', scene.code);
  const value = await scene.act();
  if (scene.result) narrator.say('gives', scene.result(value));
  narrator.say('on the wire', describeWire(await sandbox.journal()));
  narrator.say('PostgreSQL', describeChanges(before, await takeSnapshot(sql, tablesOf(models))));
  return value;
}
