/**
 * What loads and verifications know. The tables go at the exit.
 *
 * `dual_write_loads` has a row for each; `dual_write_load_parts` how far each part of a model is:
 * `next` is the address of the page to go on with, and is saved with the rows of the page before it.
 * `dual_write_load_links` holds lookups whose targets were not here when their rows were stored;
 * `dual_write_load_findings` what a person should know: rejected records, rows that are ahead,
 * differences. `dual_write_load_keys` are the keys that a verification has seen.
 */
export const loadTables: readonly string[] = [
  `
CREATE TABLE IF NOT EXISTS dual_write_loads (
  id          uuid        PRIMARY KEY,
  kind        text        NOT NULL,
  source      text        NOT NULL,
  fingerprint text        NOT NULL,
  begun_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at    timestamptz
)`,
  `
CREATE TABLE IF NOT EXISTS dual_write_load_parts (
  load         uuid        NOT NULL REFERENCES dual_write_loads ON DELETE CASCADE,
  model        text        NOT NULL,
  part         integer     NOT NULL,
  level        integer     NOT NULL,
  created_from timestamptz,
  created_to   timestamptz,
  total        bigint,
  next         text,
  done         boolean     NOT NULL DEFAULT false,
  pages        bigint      NOT NULL DEFAULT 0,
  records      bigint      NOT NULL DEFAULT 0,
  created      bigint      NOT NULL DEFAULT 0,
  failures     integer     NOT NULL DEFAULT 0,
  failure      text,
  touched_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (load, model, part)
)`,
  `
CREATE TABLE IF NOT EXISTS dual_write_load_links (
  load        uuid NOT NULL REFERENCES dual_write_loads ON DELETE CASCADE,
  model       text NOT NULL,
  column_name text NOT NULL,
  legacy_id   uuid NOT NULL,
  target      uuid NOT NULL,
  stamp       timestamptz,
  PRIMARY KEY (load, model, column_name, legacy_id)
)`,
  `
CREATE TABLE IF NOT EXISTS dual_write_load_findings (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  load      uuid NOT NULL REFERENCES dual_write_loads ON DELETE CASCADE,
  model     text NOT NULL,
  kind      text NOT NULL,
  legacy_id uuid,
  local_id  text,
  detail    jsonb NOT NULL DEFAULT '{}'
)`,
  `CREATE INDEX IF NOT EXISTS dual_write_load_findings_load ON dual_write_load_findings (load, kind)`,
  `
CREATE TABLE IF NOT EXISTS dual_write_load_keys (
  load      uuid NOT NULL REFERENCES dual_write_loads ON DELETE CASCADE,
  model     text NOT NULL,
  legacy_id uuid NOT NULL,
  PRIMARY KEY (load, model, legacy_id)
)`,
];
