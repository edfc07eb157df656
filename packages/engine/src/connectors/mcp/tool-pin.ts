import { createHash } from "node:crypto";
import type { ConnectorChange } from "@bureau/protocol";
import type { Tool as ServerTool } from "@modelcontextprotocol/client";

const MAX_NAMED = 50;

export interface SeenTools {
  /** Hashes by the tools' names. */
  tools: Record<string, string>;
  change: ConnectorChange | null;
}

/** What a server's tools are now, beside what they were. The same object when nothing changed. */
export function pinTools(before: SeenTools | null, tools: readonly ServerTool[], at: string): SeenTools {
  const hashes = new Map(tools.map((tool) => [tool.name, hashOf(tool)]));
  const now = Object.fromEntries(hashes);
  if (before === null) return { tools: now, change: null };
  const old = new Map(Object.entries(before.tools));
  const added = [...hashes.keys()].filter((name) => !old.has(name));
  const removed = [...old.keys()].filter((name) => !hashes.has(name));
  const changed = [...hashes].filter(([name, hash]) => old.has(name) && old.get(name) !== hash).map(([name]) => name);
  if (added.length + removed.length + changed.length === 0) return before;
  const named = (names: readonly string[]) => names.slice(0, MAX_NAMED);
  return { tools: now, change: { at, added: named(added), removed: named(removed), changed: named(changed) } };
}

/** All that a model or a person judges a tool by. */
function hashOf({ name, title, description, inputSchema, annotations }: ServerTool): string {
  return createHash("sha256")
    .update(JSON.stringify([name, title, description, inputSchema, annotations]))
    .digest("hex");
}
