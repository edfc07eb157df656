import { createHash } from "node:crypto";

/** What providers of models take for the name of a tool. */
const MAX_LENGTH = 64;
const HASH_LENGTH = 8;

export interface NamedTool {
  server: string;
  tool: string;
}

/**
 * The names under which a model knows the tools of servers: `mail_send_email`.
 *
 * Two that would be the same, or one that is a built-in tool's, get a piece of their hash, whatever the order; so a
 * name stays what it is from run to run, and no server can take another's place.
 */
export function toolNames(tools: readonly NamedTool[], taken: ReadonlySet<string>): string[] {
  const plain = tools.map((tool) => plainName(tool));
  const counts = new Map<string, number>();
  for (const name of plain) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  return plain.map((name, index) => {
    const isAlone = counts.get(name.toLowerCase()) === 1 && !taken.has(name) && name.length <= MAX_LENGTH;
    return isAlone ? name : withHash(name, tools[index]!);
  });
}

function plainName({ server, tool }: NamedTool): string {
  return `${clean(server)}_${clean(tool)}`;
}

function clean(name: string): string {
  const cleaned = name.replace(/[^a-zA-Z0-9_-]+/g, "_").replace(/^_+|_+$/g, "");
  return cleaned === "" ? "tool" : cleaned;
}

function withHash(name: string, { server, tool }: NamedTool): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([server, tool]))
    .digest("hex")
    .slice(0, HASH_LENGTH);
  return `${name.slice(0, MAX_LENGTH - HASH_LENGTH - 1)}_${hash}`;
}
