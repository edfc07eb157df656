import type { Connector, ConnectorChange, ConnectorTool } from "@bureau/protocol";
import type { Tool as ServerTool } from "@modelcontextprotocol/client";
import { type Clock, timeText } from "../../clock.ts";
import type { Tool } from "../../tools/tool.ts";
import type { ConnectedTools } from "../connector.ts";
import { Connection } from "./connection.ts";
import { createFiller, type Values } from "./fill-in.ts";
import type { KnownServer, McpSettings } from "./load-mcp-json.ts";
import { judgeTool, type JudgedTool, mcpTool } from "./mcp-tool.ts";
import { toolNames } from "./tool-names.ts";
import { pinTools, type SeenTools } from "./tool-pin.ts";

/** Tools of servers that one run is given. */
const MAX_TOOLS = 128;
/** Names, descriptions and schemas of them all: they stand in every request to the model. */
const MAX_TOOL_BYTES = 200_000;
/** A run waits so long for the tools of its servers, then goes on without them; the next finds them ready. */
const WAIT_MS = 15_000;
/** Connections that this process keeps in mind. */
const MAX_CONNECTIONS = 200;
const MAX_SETS = 200;

/** Where a server's tools as they were last seen are kept. */
export interface PinStore {
  read(server: string): Promise<SeenTools | null>;
  write(server: string, seen: SeenTools): Promise<void>;
}

export interface McpServersOptions {
  values: Values;
  clock: Clock;
  pins: PinStore;
  /** Names that no tool of a server may have. */
  taken: ReadonlySet<string>;
}

interface Served {
  known: KnownServer;
  connection: Connection;
}

interface Asked {
  served: Served;
  tools: readonly ServerTool[] | null;
  failure: string | null;
}

/** The servers that this process speaks to, each over one connection. */
export class McpServers {
  readonly #options: McpServersOptions;
  readonly #connections = new Map<string, Connection>();
  /** Tools by the lists they were made of, so that the same lists give the same objects. */
  readonly #sets = new Map<string, { lists: readonly (readonly ServerTool[])[]; made: ConnectedTools }>();
  readonly #changes = new Map<string, ConnectorChange | null>();

  constructor(options: McpServersOptions) {
    this.#options = options;
  }

  /** The tools of these servers, of those that answer in time. */
  async toolsFor({ servers, notices }: McpSettings): Promise<ConnectedTools> {
    const asked = await Promise.all(servers.map((known) => this.#ask(this.#serve(known))));
    const failures = asked.flatMap(({ failure }) => (failure === null ? [] : [failure]));
    const answered = asked.filter(({ tools }) => tools !== null).map(({ served }) => served);
    const set = this.#setOf(answered);
    return { tools: set.tools, notices: [...notices, ...failures, ...set.notices] };
  }

  /** One server as a person sees it. Connects to it when that was not tried yet. */
  async look(known: KnownServer): Promise<Omit<Connector, "agent">> {
    const served = this.#serve(known);
    await this.#ask(served);
    const { connection } = served;
    const { config } = known;
    const judged = (connection.tools ?? []).map((tool) => judgeTool(connection, tool));
    const names = toolNames(
      judged.map(({ tool }) => ({ server: config.name, tool: tool.name })),
      this.#options.taken,
    );
    return {
      name: config.name,
      transport: config.transport.type,
      file: config.file,
      trust: config.trust,
      status: connection.state,
      error: connection.lastError,
      errorOutput: connection.errorOutput,
      protocolVersion: connection.protocolVersion,
      tools: judged.map((each, index) => shownTool(each, names[index]!)),
      change: this.#changes.get(known.key) ?? null,
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close().catch(() => undefined)));
    this.#connections.clear();
  }

  #serve(known: KnownServer): Served {
    const there = this.#connections.get(known.key);
    if (there) return { known, connection: there };
    if (this.#connections.size >= MAX_CONNECTIONS) this.#dropOldest();
    const { values, clock, pins } = this.#options;
    const connection = new Connection({
      config: known.config,
      filler: createFiller(values),
      environment: values.environment,
      clock,
      onTools: async (tools) => {
        const name = known.agentFolder === null ? known.config.name : `${known.agentFolder}/${known.config.name}`;
        const before = await pins.read(name);
        const seen = pinTools(before, tools, timeText(clock.now()));
        if (seen !== before) await pins.write(name, seen);
        this.#changes.set(known.key, seen.change);
      },
    });
    this.#connections.set(known.key, connection);
    return { known, connection };
  }

  #dropOldest(): void {
    const [key, connection] = this.#connections.entries().next().value!;
    this.#connections.delete(key);
    this.#changes.delete(key);
    // Nobody waits for its end, and what cannot be closed is gone already.
    connection.close().catch(() => undefined);
  }

  async #ask(served: Served): Promise<Asked> {
    const { connection } = served;
    const waited = new AbortController();
    const late = this.#options.clock.sleep(WAIT_MS, waited.signal).then(
      () => null,
      () => null,
    );
    try {
      const tools = await Promise.race([connection.listTools(), late]);
      const failure = tools ? null : `it did not answer within ${WAIT_MS / 1000} s.`;
      return { served, tools, failure: failure && notice(served, failure) };
    } catch (error) {
      // Its tools as last heard are better than none: a call finds out whether it is back.
      const { tools } = connection;
      if (tools) return { served, tools, failure: null };
      return { served, tools: null, failure: notice(served, connection.lastError ?? textOf(error)) };
    } finally {
      waited.abort();
    }
  }

  #setOf(served: readonly Served[]): ConnectedTools {
    const key = served.map(({ known }) => known.key).join();
    const lists = served.map(({ connection }) => connection.tools ?? []);
    const cached = this.#sets.get(key);
    if (cached?.lists.every((list, index) => list === lists[index])) return cached.made;
    const made = makeTools(served, this.#options.taken);
    if (this.#sets.size >= MAX_SETS) this.#sets.clear();
    this.#sets.set(key, { lists, made });
    return made;
  }
}

function makeTools(served: readonly Served[], taken: ReadonlySet<string>): ConnectedTools {
  const all = served.flatMap(({ connection }) =>
    (connection.tools ?? []).map((tool) => ({ connection, judged: judgeTool(connection, tool) })),
  );
  const names = toolNames(
    all.map(({ connection, judged }) => ({ server: connection.config.name, tool: judged.tool.name })),
    taken,
  );
  const tools: Tool[] = [];
  let left = 0;
  let bytes = 0;
  for (const [index, { connection, judged }] of all.entries()) {
    if (judged.settings.hidden === true) continue;
    const tool = mcpTool(connection, judged, names[index]!) as Tool;
    const size = Buffer.byteLength(JSON.stringify([tool.name, tool.description, tool.inputSchema]));
    if (tools.length >= MAX_TOOLS || bytes + size > MAX_TOOL_BYTES) left += 1;
    else {
      bytes += size;
      tools.push(tool);
    }
  }
  return { tools, notices: left === 0 ? [] : [leftOut(left)] };
}

function leftOut(count: number): string {
  const bounds = `at most ${MAX_TOOLS}, of ${MAX_TOOL_BYTES / 1000} kB in all`;
  return `${count} tools of connected servers are left out: a run is given ${bounds}. Hide those that are not needed in mcp.json.`;
}

function notice({ known: { config } }: Served, reason: string): string {
  return `The server ${JSON.stringify(config.name)} of ${config.file} is not connected, so its tools are missing: ${reason}`;
}

function shownTool({ tool, settings, class: judged }: JudgedTool, name: string): ConnectorTool {
  const { effect, why, idempotent, reversible, carriesOut } = judged;
  return { name, tool: tool.name, effect, why, idempotent, reversible, carriesOut, hidden: settings.hidden === true };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
