import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { MCP_FILE, type McpFile, parseMcpJson } from "./mcp-json.ts";
import type { ServerConfig } from "./server-config.ts";

const MAX_BYTES = 256 * 1024;
const MAX_CACHED = 500;

/** A server, with a key that changes with its settings. */
export interface KnownServer {
  config: ServerConfig;
  /** Which connection serves it: the same for all agents that read the same entry. */
  key: string;
  /** Folder of the agent whose file it stands in; null for the workspace's own. */
  agentFolder: string | null;
}

export interface McpSettings {
  servers: readonly KnownServer[];
  notices: readonly string[];
}

export const NO_SERVERS: McpSettings = { servers: [], notices: [] };

interface Cached {
  stamp: string;
  file: McpFile;
}

/** Reads the files of servers, and again only when one has changed. */
export class McpFiles {
  readonly #workspace: string;
  readonly #cache = new Map<string, Cached>();

  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  /** The servers of an agent's runs: those of the workspace, and its own, which go first by name. */
  async of(agentFolder: string): Promise<McpSettings> {
    const folders = agentFolder === this.#workspace ? [this.#workspace] : [this.#workspace, agentFolder];
    const files = await Promise.all(folders.map((folder) => this.#read(folder)));
    if (files.every((file) => file === null)) return NO_SERVERS;
    const byName = new Map<string, KnownServer>();
    for (const [index, file] of files.entries()) {
      for (const config of file?.servers ?? [])
        byName.set(config.name, { config, key: keyOf(config), agentFolder: index === 0 ? null : agentFolder });
    }
    return { servers: [...byName.values()], notices: files.flatMap((file) => file?.notices ?? []) };
  }

  /** Null when there is no such file, which costs one look. */
  async #read(folder: string): Promise<McpFile | null> {
    const path = join(folder, MCP_FILE);
    const found = await stat(path).catch(() => null);
    if (found === null) {
      this.#cache.delete(path);
      return null;
    }
    const stamp = `${found.ino}:${found.size}:${found.mtimeMs}:${found.ctimeMs}`;
    const cached = this.#cache.get(path);
    if (cached?.stamp === stamp) return cached.file;
    const file = await this.#parse(path, folder);
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    this.#cache.set(path, { stamp, file });
    return file;
  }

  async #parse(path: string, folder: string): Promise<McpFile> {
    const shown = relative(this.#workspace, path);
    const file = shown.startsWith("..") ? path : shown;
    try {
      return parseMcpJson(await readBounded(path), { file, folder });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { servers: [], notices: [`${file}: it cannot be read, so none of its servers is used: ${reason}.`] };
    }
  }
}

async function readBounded(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new Error("it is no regular file");
    if (found.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES / 1024} kB`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

function keyOf({ tools, ...config }: ServerConfig): string {
  return createHash("sha256")
    .update(JSON.stringify([config, [...tools]]))
    .digest("hex");
}
