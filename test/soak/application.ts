import pg from 'pg';
import { Sequelize, type Transaction } from 'sequelize';
import { createLegacyClient } from '../../legacy-client';
import { migrators } from '../../migrators';
import { defineModels, type Organisation } from '../../models';
import { connectLegacy } from '../../src';
import { type Random, randomFrom } from '../crash/random';
import { dataverseMigrators } from '../support/dataverse-migrators';
import type { Value } from './history';
import { applicationName, type Orders } from './orders';
import { operate, readOrders, untilTold } from './told-operations';

const recoverEveryMs = 500;

/** Its models, and what it does with them. */
class Worker {
  #values = 0;
  readonly #made: string[] = [];

  constructor(
    private readonly orders: Orders,
    private readonly random: Random,
    private readonly sequelize: Sequelize,
    private readonly organisation: typeof Organisation,
  ) {}

  /** Do something. */
  async step(): Promise<void> {
    const { random } = this;
    const deeds = [
      ...[() => this.#write(), () => this.#write(), () => this.#writeTwo()],
      ...[() => this.#add(), () => this.#add(), () => this.#append()],
      ...[() => this.#make(), () => this.#remove()],
      ...[() => this.#read(), () => this.#read(), () => this.#readMade()],
    ];
    await deeds[random(deeds.length)]?.();
    await new Promise((resolve) => setTimeout(resolve, random(20)));
  }

  #value(): string {
    this.#values += 1;
    return `${this.orders.name}-${this.#values}`;
  }

  #anyRecord(): string {
    const { records } = this.orders;
    return records[this.random(records.length)] ?? '';
  }

  #load(name: string, transaction: Transaction | null = null): Promise<Organisation> {
    // As an application that has read the row some time ago, or has read it now.
    const skipLegacy = this.random(2) === 0;
    return this.organisation.findOne({
      where: { name },
      transaction,
      skipLegacy,
      rejectOnEmpty: true,
    } as { rejectOnEmpty: true });
  }

  async #write(): Promise<void> {
    const record = this.#anyRecord();
    const value = this.#value();
    const places = [`${record} telephone`];
    const isStatic = this.random(3) === 0;
    await operate({ do: 'write', by: 'application', places, value }, async () => {
      if (isStatic) {
        await this.organisation.update({ telephone: value }, { where: { name: record } });
      } else {
        await (await this.#load(record)).update({ telephone: value });
      }
      return undefined;
    });
  }

  /** Two records in one transaction. */
  async #writeTwo(): Promise<void> {
    // In one order, as applications do that want no deadlocks.
    const pair = [...new Set([this.#anyRecord(), this.#anyRecord()])].sort();
    const value = this.#value();
    const places = pair.map((record) => `${record} telephone`);
    await operate({ do: 'write', by: 'application', places, value }, async () => {
      await this.#inTransaction(async (transaction) => {
        for (const record of pair) {
          await (
            await this.#load(record, transaction)
          ).update({ telephone: value }, { transaction });
        }
      });
      return undefined;
    });
  }

  /** NOTE: a managed transaction would not tell what its rollback could not undo. */
  async #inTransaction(work: (transaction: Transaction) => Promise<void>): Promise<void> {
    const transaction = await this.sequelize.transaction();
    try {
      await work(transaction);
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
    await transaction.commit();
  }

  async #add(): Promise<void> {
    const record = this.#anyRecord();
    const by = 1 + this.random(997);
    await operate({ do: 'add', place: `${record} employees`, by }, async () => {
      await this.organisation.increment('employees', { by, where: { name: record } });
      return undefined;
    });
  }

  /** Read, change and write under the row's lock. */
  async #append(): Promise<void> {
    const record = this.#anyRecord();
    const token = this.#value();
    await operate({ do: 'append', place: `${record} description`, token }, async () => {
      await this.#inTransaction(async (transaction) => {
        const row = await this.organisation.findOne({
          where: { name: record },
          transaction,
          lock: transaction.LOCK.UPDATE,
          rejectOnEmpty: true,
        });
        const description = [row.description, token].filter(Boolean).join(' ');
        await row.update({ description }, { transaction });
      });
      return undefined;
    });
  }

  async #make(): Promise<void> {
    const name = `Made-${this.#value()}`;
    this.#made.push(name);
    await operate({ do: 'make', name }, async () => {
      await this.organisation.create({ name });
      return undefined;
    });
  }

  async #remove(): Promise<void> {
    const name = this.#made.shift();
    if (name === undefined) return;
    await operate({ do: 'remove', name }, async () => {
      await (await this.#load(name)).destroy();
      return undefined;
    });
  }

  async #read(): Promise<void> {
    const { records } = this.orders;
    const one = this.random(2) === 0 ? [this.#anyRecord()] : records;
    await operate({ do: 'read' }, async () => {
      const rows = await this.organisation.findAll({ where: { name: [...one] } });
      return Object.fromEntries(rows.flatMap((row) => placesOf(row)));
    });
  }

  async #readMade(): Promise<void> {
    const name = this.#made.at(-1);
    if (name === undefined) return;
    await operate({ do: 'read' }, async () => {
      const row = await this.organisation.findOne({ where: { name } });
      return { [name]: row ? 'there' : null };
    });
  }
}

function placesOf(row: Organisation): [string, Value][] {
  const { name, telephone, website, description, employees } = row;
  return [
    [`${name} telephone`, telephone],
    [`${name} website`, website],
    [`${name} description`, description],
    [`${name} employees`, employees],
  ];
}

/** Be one of several applications on the same database and CRM, until killed or told to end. */
async function main(): Promise<void> {
  const orders = await readOrders();
  const { databaseUrl, legacyUrl, face, timeoutMs, settleAfterMs, seed } = orders;
  const dialectOptions = { application_name: applicationName };
  const sequelize = new Sequelize(databaseUrl, {
    logging: false,
    dialectOptions,
    // Otherwise Sequelize looks for it in node_modules, which one file has not.
    dialectModule: pg,
  });
  const models = defineModels(sequelize);
  const client = createLegacyClient({ baseUrl: legacyUrl, dialect: face, timeoutMs });
  await connectLegacy(sequelize, {
    client,
    migrators: face === 'dataverse' ? dataverseMigrators : migrators,
    recoverEveryMs,
    limits: { maxRemovalShare: 1, settleAfterMs },
  });
  const worker = new Worker(orders, randomFrom(seed), sequelize, models.Organisation);
  await untilTold(() => worker.step());
  process.exit(0);
}

void main();
