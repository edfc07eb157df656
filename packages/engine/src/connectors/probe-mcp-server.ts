import { AppError, type Connector } from "@bureau/protocol";
import { systemClock } from "../clock.ts";
import type { Values } from "./mcp/fill-in.ts";
import { type KnownServer, McpFiles } from "./mcp/load-mcp-json.ts";
import { parseMcpJson } from "./mcp/mcp-json.ts";

export interface ProbeOptions {
  /** Address of a server, or its name in the workspace's `mcp.json`. */
  target: string;
  workspace: string;
  values: Omit<Values, "workspace">;
  /** Names of the built-in tools. */
  taken: ReadonlySet<string>;
}

/** Connects to one server, lists its tools and lets go of it again. Nothing is kept. */
export async function probeMcpServer(options: ProbeOptions): Promise<Connector> {
  const { target, workspace, values, taken } = options;
  const known = /^https?:\/\//i.test(target) ? atAddress(target, workspace) : await byName(target, workspace);
  const { McpServers } = await import("./mcp/mcp-servers.ts");
  const pins = { read: async () => null, write: async () => undefined };
  const servers = new McpServers({ clock: systemClock, pins, taken, values: { ...values, workspace } });
  try {
    return { ...(await servers.look(known)), agent: null };
  } finally {
    await servers.close();
  }
}

function atAddress(url: string, folder: string): KnownServer {
  if (!URL.canParse(url)) throw new AppError("invalid", `${url.slice(0, 200)} is no address.`);
  const name = new URL(url).hostname.replace(/^\[|\]$/g, "");
  const text = JSON.stringify({ mcpServers: { [name]: { url } } });
  const { servers, notices } = parseMcpJson(text, { file: "the command line", folder });
  const [config] = servers;
  if (!config) throw new AppError("invalid", notices[0] ?? `${url.slice(0, 200)} is no address.`);
  return { config, key: url, agentFolder: null };
}

async function byName(name: string, workspace: string): Promise<KnownServer> {
  const { servers, notices } = await new McpFiles(workspace).of(workspace);
  const known = servers.find(({ config }) => config.name === name);
  if (known) return known;
  const names = servers.map(({ config }) => config.name).join(", ") || "none";
  throw new AppError("not_found", `mcp.json names no server ${JSON.stringify(name.slice(0, 80))}.`, {
    hint: notices[0] ?? `It names: ${names}. An address works too.`,
  });
}
