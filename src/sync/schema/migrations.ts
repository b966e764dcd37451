import type { QueryInterface } from 'sequelize';
import { loadTables } from './load-tables';

/** One step of the library's own schema. */
export interface SchemaStep {
  readonly name: string;
  up(context: QueryInterface): Promise<void>;
}

/**
 * The tables of the sync layer, in the order of their making. They go at the exit.
 *
 * `dual_write_known` says of rows that were lately refreshed, written or removed: the latest answer
 * about this key was asked for at `asked_at` and stored at `applied_at`. An answer that was asked
 * for after `applied_at` is newer, whatever its stamps say; of two that overlapped in time the one
 * with the newer stamp counts, then the one that was asked for later. `gone` is the tombstone of a
 * record that the legacy system no longer has; its row may still be here when others refer to it.
 *
 * `dual_write_intents` holds every legacy write that is about to be sent, noted outside the
 * application's transaction. `lock_id` is the advisory lock that the transaction holds, one for all
 * that is noted at once; an intent without it was noted by an earlier version, and has one under its
 * own `id`. `dual_write_done` is written inside the transaction, and so says of which of them it has
 * committed. An intent without a done row whose transaction has ended is a write
 * that must be taken back, or, of a delete, completed.
 *
 * `dual_write_feeds` says of a model that every row of it here is at least as new as `asked_at`: all
 * of it was refreshed then, or changes have been followed since. Its `pending` records could not be
 * brought up to date and are asked for again; the rows of `kept` ones stay although they are gone.
 * `dual_write_lacking` names models of which a skipped call has removed rows here: a feed does not
 * bring them back. It is only added to, so that no writer waits for a feed.
 */
export const schemaSteps: readonly SchemaStep[] = [
  {
    name: '0001-known-and-rejected',
    up: async (context) => {
      await context.sequelize.query(`
CREATE TABLE IF NOT EXISTS dual_write_known (
  model      text        NOT NULL,
  legacy_id  uuid        NOT NULL,
  asked_at   timestamptz NOT NULL,
  applied_at timestamptz NOT NULL,
  gone       boolean     NOT NULL,
  PRIMARY KEY (model, legacy_id)
)`);
      await context.sequelize.query(`
CREATE TABLE IF NOT EXISTS dual_write_rejected (
  model     text        NOT NULL,
  legacy_id uuid        NOT NULL,
  reason    text        NOT NULL,
  at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (model, legacy_id)
)`);
    },
  },
  {
    name: '0002-intents',
    up: async (context) => {
      await context.sequelize.query(`
CREATE TABLE IF NOT EXISTS dual_write_intents (
  id        bigint      PRIMARY KEY,
  unit      uuid        NOT NULL,
  sequence  integer     NOT NULL,
  operation text        NOT NULL,
  model     text        NOT NULL,
  local_id  text        NOT NULL,
  legacy_id uuid,
  sent      jsonb       NOT NULL,
  before    jsonb       NOT NULL,
  noted_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  doubt     text
)`);
      await context.sequelize.query(`
CREATE INDEX IF NOT EXISTS dual_write_intents_record ON dual_write_intents (legacy_id)`);
      await context.sequelize.query(`
CREATE TABLE IF NOT EXISTS dual_write_done (
  intent_id bigint PRIMARY KEY
)`);
    },
  },
  {
    name: '0003-feeds',
    up: async (context) => {
      await context.sequelize.query(`
CREATE TABLE IF NOT EXISTS dual_write_feeds (
  model          text        NOT NULL,
  source         text        NOT NULL,
  fingerprint    text        NOT NULL,
  asked_at       timestamptz NOT NULL,
  complete_since timestamptz,
  token          text,
  swept_at       timestamptz,
  pending        uuid[]      NOT NULL DEFAULT '{}',
  kept           uuid[]      NOT NULL DEFAULT '{}',
  PRIMARY KEY (model, fingerprint)
)`);
    },
  },
  {
    name: '0004-lacking',
    up: async (context) => {
      await context.sequelize.query(`
CREATE TABLE IF NOT EXISTS dual_write_lacking (
  id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  model text NOT NULL
)`);
    },
  },
  {
    name: '0005-locks',
    up: async (context) => {
      await context.sequelize.query(
        'ALTER TABLE dual_write_intents ADD COLUMN IF NOT EXISTS lock_id bigint',
      );
    },
  },
  {
    name: '0006-loads',
    up: async (context) => {
      for (const statement of loadTables) await context.sequelize.query(statement);
    },
  },
];
