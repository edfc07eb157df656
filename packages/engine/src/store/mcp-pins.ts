import { ConnectorChange } from "@bureau/protocol";
import { z } from "zod";
import type { Queryable } from "./database.ts";

/** Tools of a server as they were last seen, by name, and how they last differed from before. */
const ToolPin = z.object({ tools: z.record(z.string(), z.string()), change: ConnectorChange.nullable() });
export type ToolPin = z.infer<typeof ToolPin>;

/** The pin of a server; null when it was never seen, or when the row is not one of ours. */
export async function readToolPin(database: Queryable, server: string): Promise<ToolPin | null> {
  const { rows } = await database.query<{ value: unknown }>("SELECT value FROM settings WHERE key = $1", [key(server)]);
  return ToolPin.safeParse(rows[0]?.value).data ?? null;
}

export async function writeToolPin(database: Queryable, server: string, pin: ToolPin): Promise<void> {
  await database.query(
    "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
    [key(server), JSON.stringify(pin)],
  );
}

function key(server: string): string {
  return `mcp:${server}`;
}
