import { AppError, OWNER_ID } from "@bureau/protocol";
import type pg from "pg";
import type { Queryable } from "./database.ts";

const BATCH_ROWS = 500;
/**
 * Say what this program and this machine do now, or are made of other rows, and are made anew. Devices, sessions,
 * passkeys, what becomes one and what is pushed to are left out so that a copy opens nothing, and one that was revoked since does not come back with it.
 */
const MADE_ANEW = ["search_entries", "search_progress"];
const OPENING = ["devices", "sessions", "invitations", "pairings", "links", "passkeys", "passkey_challenges"];
const PUSHED = ["push_subscriptions", "pushes", "push_tokens"];
const LEFT_OUT = ["bureau_migrations", "executors", ...OPENING, ...PUSHED, ...MADE_ANEW];
const DISPATCHED_AGAIN = "UPDATE runs SET status = 'queued', wait_reason = NULL, wait_until = NULL, executor_id = NULL";

export interface TableColumn {
  name: string;
  /** As the database writes it, for a cast. */
  type: string;
}

export interface TableBatch {
  table: string;
  columns: TableColumn[];
  rows: number;
  /** One row a line, as a JSON array of texts: what the database writes, it reads back exactly. */
  text: string;
}

/** Every row of every table of ours, table by table, as one snapshot sees them: the caller's transaction. */
export async function* exportTables(transaction: Queryable): AsyncGenerator<TableBatch> {
  const tables = await tableNames(transaction);
  for (const table of tables) {
    const columns = await columnsOf(transaction, table);
    const values = columns.map((column) => `${quoted(column.name)}::text`).join(", ");
    await transaction.query(
      `DECLARE exported NO SCROLL CURSOR FOR SELECT jsonb_build_array(${values})::text AS line FROM public.${quoted(table)}`,
    );
    let count = 0;
    do {
      const { rows } = await transaction.query<{ line: string }>(`FETCH ${BATCH_ROWS} FROM exported`);
      count = rows.length;
      yield { table, columns, rows: count, text: rows.map((row) => `${row.line}\n`).join("") };
    } while (count === BATCH_ROWS);
    await transaction.query("CLOSE exported");
  }
}

/** Values of counters that the database itself keeps. */
export async function exportSequences(transaction: Queryable): Promise<Record<string, string>> {
  const { rows } = await transaction.query<{ name: string; value: string }>(
    "SELECT sequencename AS name, last_value::text AS value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL",
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.value]));
}

/** Empties all tables of a database that nobody has worked with. Throws `conflict` when somebody has. */
export async function emptyTables(transaction: pg.ClientBase): Promise<void> {
  const { rows } = await transaction.query(
    "SELECT (SELECT count(*) FROM agents) + (SELECT count(*) FROM runs) AS count",
  );
  if (Number(rows[0].count) > 0) {
    throw new AppError("conflict", "The database that the backup would be restored to is already in use.", {
      hint: "Unset DATABASE_URL and BUREAU_DATA to restore to a database of its own, or name an empty one.",
    });
  }
  await suspendReferences(transaction);
  for (const table of [...(await tableNames(transaction)), ...MADE_ANEW])
    await transaction.query(`DELETE FROM public.${quoted(table)}`);
}

/** The rows of a snapshot belong together, so no order of loading has to be found. */
async function suspendReferences(transaction: pg.ClientBase): Promise<void> {
  try {
    await transaction.query("SET LOCAL session_replication_role = replica");
  } catch (error) {
    throw new AppError(
      "forbidden",
      "The database user may not load a backup: it cannot set session_replication_role.",
      {
        hint: "Unset DATABASE_URL to restore to an embedded database, or use a user with that right.",
        cause: error,
      },
    );
  }
}

/**
 * Puts rows back. Inside the transaction of `emptyTables`.
 *
 * Tables, columns and their types are those of this database: what the backup names is only looked up.
 */
export async function importBatch(
  transaction: pg.ClientBase,
  batch: { table: string; columns: readonly string[]; text: string },
): Promise<number> {
  const lines = batch.text.split("\n").filter((line) => line !== "");
  const known = (await tableNames(transaction)).includes(batch.table) ? await columnsOf(transaction, batch.table) : [];
  const columns = batch.columns.map(
    (name) => known.find((column) => column.name === name) ?? unknownColumn(batch.table, name),
  );
  if (lines.length === 0) return 0;
  const names = columns.map((column) => quoted(column.name)).join(", ");
  const values = columns.map((column, index) => `(line->>${index})::${column.type}`).join(", ");
  await transaction.query(
    `INSERT INTO public.${quoted(batch.table)} (${names}) OVERRIDING SYSTEM VALUE
     SELECT ${values} FROM jsonb_array_elements($1::jsonb) AS line`,
    [`[${lines.join(",")}]`],
  );
  return lines.length;
}

function unknownColumn(table: string, column: string): never {
  throw new AppError("invalid", `The backup has a column ${table}.${column} that this database has not.`, {
    hint: "Restore it with the version of Bureau that made it.",
  });
}

export async function importSequences(transaction: pg.ClientBase, sequences: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(sequences)) {
    await transaction.query("SELECT setval(('public.' || quote_ident($1))::regclass, $2::bigint)", [name, value]);
  }
}

/**
 * Puts the workspace in its new place: agents whose folder lay in the old one work in the new one, and runs that
 * were at work, or waited for a moment, are queued. The next start goes on with them.
 */
export async function settleRestored(transaction: pg.ClientBase, from: string, to: string): Promise<void> {
  // A backup of a version that knew no people has none.
  await transaction.query(
    `INSERT INTO people (id, name, role, created_by, created_at)
     VALUES ('${OWNER_ID}', 'owner', 'owner', 'bureau', now()) ON CONFLICT DO NOTHING`,
  );
  await transaction.query(
    "UPDATE agents SET folder = $2 || substr(folder, length($1) + 1) WHERE folder = $1 OR starts_with(folder, $1 || '/')",
    [from, to],
  );
  await transaction.query(
    "UPDATE goals SET file = $2 || substr(file, length($1) + 1) WHERE starts_with(file, $1 || '/')",
    [from, to],
  );
  await transaction.query(
    `${DISPATCHED_AGAIN} WHERE status = 'running' OR (status = 'waiting' AND wait_reason = 'timer')`,
  );
}

async function tableNames(transaction: Queryable): Promise<string[]> {
  const { rows } = await transaction.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT relispartition
     AND relname <> ALL($1) ORDER BY relname`,
    [LEFT_OUT],
  );
  return rows.map((row) => row.name);
}

async function columnsOf(transaction: Queryable, table: string): Promise<TableColumn[]> {
  const { rows } = await transaction.query<TableColumn>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = ('public.' || quote_ident($1))::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
     ORDER BY attnum`,
    [table],
  );
  return rows;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
