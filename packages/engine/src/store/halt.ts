import type { Halt } from "@bureau/protocol";
import type { Queryable } from "./database.ts";

const HALT_KEY = "halted";

/**
 * SQL that is true while everything is stopped.
 *
 * It keeps the flag from being lifted until the transaction ends, so that a run which is told to pause because of it
 * is seen by whoever lifts it. Without a flag there is no row, and nothing to wait for.
 */
export const IS_HALTED = `EXISTS (SELECT 1 FROM settings WHERE key = '${HALT_KEY}' FOR KEY SHARE)`;

/** Why a run does not go on while everything is stopped. */
export const HALTED_SENTENCE = "Waits: everything is stopped. It goes on after `bureau resume --all`.";

/** When everything was stopped, and by whom; null while work may go on. */
export async function readHalt(database: Queryable): Promise<Halt | null> {
  const { rows } = await database.query<{ value: Halt }>({
    name: "read_halt",
    text: `SELECT value FROM settings WHERE key = '${HALT_KEY}'`,
  });
  return rows[0]?.value ?? null;
}

/**
 * Sets the flag, and returns whether it was not set before. One that is set stays as it is: the first to stop is the
 * one who is named.
 */
export async function setHalt(database: Queryable, halt: Halt): Promise<boolean> {
  const { rows } = await database.query(
    `INSERT INTO settings (key, value) VALUES ('${HALT_KEY}', $1) ON CONFLICT (key) DO NOTHING RETURNING key`,
    [JSON.stringify(halt)],
  );
  return rows.length > 0;
}

/** Lifts the flag; returns what it was. */
export async function clearHalt(database: Queryable): Promise<Halt | null> {
  const { rows } = await database.query<{ value: Halt }>(
    `DELETE FROM settings WHERE key = '${HALT_KEY}' RETURNING value`,
  );
  return rows[0]?.value ?? null;
}
