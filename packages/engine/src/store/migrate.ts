import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "@bureau/protocol";
import type { Database, Queryable } from "./database.ts";

export const MIGRATIONS_FOLDER = fileURLToPath(new URL("./migrations/", import.meta.url));
const OLDEST_SERVER = 15;
/** Any number will do, as long as it never changes: it keeps two processes from migrating at once. */
const ADVISORY_LOCK = 4_747_001;
const UNDEFINED_TABLE = "42P01";
const INSUFFICIENT_PRIVILEGE = "42501";

interface Migration {
  number: number;
  name: string;
  file: string;
}

type Applied = Pick<Migration, "number" | "name">;

export interface MigrateOptions {
  /** Folder of `NNN-name.sql` files. */
  folder?: string;
}

/**
 * Brings the database's tables up to this program, forward only, and returns the names of what it applied.
 *
 * Each file runs in one transaction together with the row that records it, so a crash leaves no half of one.
 * Refuses with `conflict` when the database knows migrations that this program does not.
 */
export async function migrate(database: Database, options: MigrateOptions = {}): Promise<string[]> {
  const migrations = await readMigrations(options.folder ?? MIGRATIONS_FOLDER);
  const { serverVersion, applied } = await readState(database);
  requireServerVersion(serverVersion);
  const names: string[] = [];
  for (const migration of pending(migrations, applied)) {
    if (await applyOne(database, migrations, migration)) names.push(label(migration));
  }
  return names;
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort();
  return files.map((file, index) => {
    const [, number, name] = /^(\d{3})-([a-z0-9-]+)\.sql$/.exec(file) ?? [];
    if (number === undefined || name === undefined || Number(number) !== index + 1) {
      throw new AppError(
        "internal",
        `The migration file ${file} should be number ${index + 1} in the form NNN-name.sql.`,
      );
    }
    return { number: index + 1, name, file: join(folder, file) };
  });
}

/** One query when the database was migrated before. */
async function readState(database: Queryable): Promise<{ serverVersion: string; applied: Applied[] }> {
  try {
    const { rows } = await database.query(`
      SELECT current_setting('server_version') AS server_version,
             (SELECT coalesce(jsonb_agg(jsonb_build_object('number', number, 'name', name) ORDER BY number), '[]')
              FROM public.bureau_migrations) AS applied`);
    return { serverVersion: rows[0].server_version, applied: rows[0].applied };
  } catch (error) {
    if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
    const { rows } = await database.query("SELECT current_setting('server_version') AS server_version");
    return { serverVersion: rows[0].server_version, applied: [] };
  }
}

/** Refuses a PostgreSQL that is too old for what the tables use. */
export function requireServerVersion(version: string): void {
  if (Number.parseInt(version, 10) >= OLDEST_SERVER) return;
  throw new AppError(
    "unavailable",
    `The database server is PostgreSQL ${version}; Bureau needs ${OLDEST_SERVER} or newer.`,
    {
      hint: "Point DATABASE_URL at a newer server, or leave it out to use the one that comes with Bureau.",
    },
  );
}

/** What is left to apply; refuses a database whose history is not the beginning of ours. */
function pending(migrations: Migration[], applied: Applied[]): Migration[] {
  applied.forEach((row, index) => {
    const known = migrations[row.number - 1];
    if (known === undefined) {
      const newest = migrations.at(-1);
      throw new AppError(
        "conflict",
        `The database is newer than this program: it has migration ${label(row)}, and this program ends at ${newest ? label(newest) : "none"}.`,
        { hint: "Update Bureau to the version that last used this database, or choose another database." },
      );
    }
    if (known.name !== row.name || row.number !== index + 1) {
      throw new AppError(
        "conflict",
        `The database has migration ${label(row)} where this program has ${label(migrations[index] ?? known)}.`,
        { hint: "This database was made by a different program or a development version. Choose another database." },
      );
    }
  });
  return migrations.slice(applied.length);
}

/** False when another process applied it first. */
async function applyOne(database: Database, migrations: Migration[], migration: Migration): Promise<boolean> {
  const text = await readFile(migration.file, "utf8");
  return database.transaction(async (transaction) => {
    await transaction.query("SET LOCAL search_path = public");
    await transaction.query(`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK})`);
    try {
      await transaction.query(`
        CREATE TABLE IF NOT EXISTS public.bureau_migrations (
          number integer PRIMARY KEY,
          name text NOT NULL,
          applied_at timestamptz NOT NULL DEFAULT now()
        )`);
      const { applied } = await readState(transaction);
      if (!pending(migrations, applied).includes(migration)) return false;
      await transaction.query(text);
      await transaction.query("INSERT INTO public.bureau_migrations (number, name) VALUES ($1, $2)", [
        migration.number,
        migration.name,
      ]);
      return true;
    } catch (error) {
      throw explain(error, migration);
    }
  });
}

function explain(error: unknown, migration: Migration): unknown {
  if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) return error;
  return new AppError(
    "unavailable",
    `The database user may not make tables, so migration ${label(migration)} cannot run.`,
    {
      hint: "Grant it CREATE on schema public, or give Bureau a database that its user owns.",
      cause: error,
    },
  );
}

function label(migration: Applied): string {
  return `${String(migration.number).padStart(3, "0")}-${migration.name}`;
}
