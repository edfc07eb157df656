import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { InboxEntry } from "@bureau/protocol";
import type { Connection } from "./connect.ts";
import { OWN_FOLDER } from "./workspace.ts";

const FILE = "shown-inbox.json";
const PAGE = 500;

/** Remembers the list that a person saw last, so that its numbers mean the same when they reply. */
export async function rememberShown(connection: Connection, entries: readonly InboxEntry[]): Promise<void> {
  const path = join(connection.workspace, OWN_FOLDER, FILE);
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(entries.map((entry) => entry.id))}\n`, { mode: 0o600 });
  await rename(temporary, path);
}

/** Ids of the list that was shown last, in its order; what waits now when none was shown. */
export async function shownList(connection: Connection): Promise<string[]> {
  const known = await readShown(connection.workspace);
  if (known !== null) return known;
  const { entries } = await connection.client.listInbox({ query: { limit: PAGE } });
  return entries.map((entry) => entry.id);
}

async function readShown(workspace: string): Promise<string[] | null> {
  try {
    const value: unknown = JSON.parse(await readFile(join(workspace, OWN_FOLDER, FILE), "utf8"));
    return Array.isArray(value) && value.every((id) => typeof id === "string") ? value : null;
  } catch {
    return null;
  }
}
