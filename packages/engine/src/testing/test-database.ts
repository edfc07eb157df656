import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { openDatabase } from "../store/database.ts";
import type { Database, DatabaseOptions } from "../store/database.ts";

const MAX_CONNECTIONS = 10;

export interface TestDatabase extends Database {
  /** Closes it and removes it from the server, whoever is still connected. */
  drop(): Promise<void>;
}

/** A fresh, migrated database of its own. Needs `test-global-setup.ts` as a global setup. */
export async function testDatabase(options: Partial<Omit<DatabaseOptions, "url">> = {}): Promise<TestDatabase> {
  const template = new URL(inject("databaseTemplate"));
  const name = `test_${randomBytes(6).toString("hex")}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${template.pathname.slice(1)} STRATEGY file_copy`);
  const url = new URL(template);
  url.pathname = `/${name}`;
  const database = await openDatabase({ maxConnections: MAX_CONNECTIONS, ...options, url: url.href });
  return {
    ...database,
    drop: async () => {
      await database.close();
      await administer(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function administer(text: string): Promise<void> {
  const url = new URL(inject("databaseTemplate"));
  url.pathname = "/postgres";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
