import type { Clock } from "../clock.ts";
import type { Tool } from "../tools/tool.ts";
import { type Connectors, NO_CONNECTED_TOOLS } from "./connector.ts";
import type { Values } from "./mcp/fill-in.ts";
import { type KnownServer, McpFiles } from "./mcp/load-mcp-json.ts";
import type { McpServers, PinStore } from "./mcp/mcp-servers.ts";

const MAX_LISTED = 200;
/** Agents whose tools are kept in mind. */
const MAX_GIVEN = 500;

export interface ConnectorsOptions {
  /** The workspace's folder. */
  workspace: string;
  clock: Clock;
  /** Where `${…}` in `mcp.json` takes its values from. */
  values: Omit<Values, "workspace">;
  pins: PinStore;
  /** Names of the built-in tools. */
  taken: ReadonlySet<string>;
  agents(): Promise<readonly { name: string; folder: string }[]>;
}

/**
 * Everything that agents are connected to. Where no `mcp.json` is there, this is two looks for a file a run: the
 * rest is loaded with the first server.
 */
export function createConnectors(options: ConnectorsOptions): Connectors {
  const { workspace, clock, values, pins, taken } = options;
  const files = new McpFiles(workspace);
  let loading: Promise<McpServers> | null = null;
  const load = async () => {
    const { McpServers: Servers } = await import("./mcp/mcp-servers.ts");
    return new Servers({ clock, pins, taken, values: { ...values, workspace } });
  };
  const servers = () => (loading ??= load());
  const given = new Map<string, readonly Tool[]>();
  return {
    toolsFor: async ({ folder }) => {
      const settings = await files.of(folder);
      if (settings.servers.length > 0) {
        const connected = await (await servers()).toolsFor(settings);
        given.delete(folder);
        given.set(folder, connected.tools);
        const [oldest] = given.keys();
        if (given.size > MAX_GIVEN && oldest !== undefined) given.delete(oldest);
        return connected;
      }
      given.delete(folder);
      return settings.notices.length === 0 ? NO_CONNECTED_TOOLS : { tools: [], notices: settings.notices };
    },
    known: (name) => {
      const found = new Set([...given.values()].flatMap((tools) => tools.filter((tool) => tool.name === name)));
      return found.size === 1 ? [...found][0]! : null;
    },
    list: async () => {
      const found = await allServers(files, workspace, await options.agents());
      if (found.entries.length === 0) return { connectors: [], notices: found.notices };
      const pool = await servers();
      const looks = found.entries
        .slice(0, MAX_LISTED)
        .map(async ({ known, agent }) => ({ ...(await pool.look(known)), agent }));
      return { connectors: await Promise.all(looks), notices: found.notices };
    },
    close: async () => await (await loading)?.close(),
  };
}

interface Found {
  entries: { known: KnownServer; agent: string | null }[];
  notices: string[];
}

/** Each server once: those of the workspace, then those that an agent's folder names itself. */
async function allServers(
  files: McpFiles,
  workspace: string,
  agents: readonly { name: string; folder: string }[],
): Promise<Found> {
  const own = await files.of(workspace);
  const entries: Found["entries"] = own.servers.map((known) => ({ known, agent: null }));
  const notices = new Set(own.notices);
  for (const { name, folder } of agents.filter((agent) => agent.folder !== workspace)) {
    const settings = await files.of(folder);
    for (const notice of settings.notices) notices.add(notice);
    for (const known of settings.servers) if (known.agentFolder !== null) entries.push({ known, agent: name });
  }
  return { entries, notices: [...notices] };
}
