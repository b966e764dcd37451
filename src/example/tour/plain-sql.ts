import { Client } from 'pg';

/** A row as text by column: `{ revenue: '1.50', sector_id: null }`. */
export type PlainRow = Readonly<Record<string, string | null>>;

/** PostgreSQL without Sequelize and without the library: the tour's own look at the tables. */
export interface PlainSql {
  rows(table: string): Promise<PlainRow[]>;
  close(): Promise<void>;
}

/** Connect to a database. Values come as PostgreSQL writes them, times in UTC. */
export async function openPlainSql(url: string): Promise<PlainSql> {
  const asText = { getTypeParser: () => (text: string) => text };
  const client = new Client({ connectionString: url, types: asText });
  await client.connect();
  await client.query("SET timezone TO 'UTC'; SET datestyle TO 'ISO'");
  return {
    rows: async (table) => (await client.query<PlainRow>(`SELECT * FROM "${table}"`)).rows,
    close: () => client.end(),
  };
}
