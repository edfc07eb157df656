import { join } from "node:path";
import { systemClock } from "../clock.ts";
import { type McpHttpServer, startMcpHttpServer } from "./mcp-http-server.ts";
import type { McpScript, ScriptedTool } from "./mcp-test-server.ts";
import { aContext, aFolder, type TestFolder } from "../tools/test-context.ts";
import type { Tool } from "../tools/tool.ts";
import type { Connectors } from "../connectors/connector.ts";
import { type ConnectorsOptions, createConnectors } from "../connectors/create-connectors.ts";
import type { SeenTools } from "../connectors/mcp/tool-pin.ts";

/** The program that serves a script. */
export const MAIN = new URL("./mcp-server-main.ts", import.meta.url).pathname;
const TAKEN = new Set(["read_file", "files_read_file"]);

const closing: (() => Promise<void> | void)[] = [];

/** Ends all that the helpers here have started, the newest first. */
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).toReversed()) await close();
}

export interface TestSetup {
  folder: TestFolder;
  connectors: Connectors;
  pins: Map<string, SeenTools>;
  tools(): Promise<readonly Tool[]>;
  tool(name: string): Promise<Tool>;
  call(name: string, args: unknown, changes?: Parameters<typeof aContext>[1]): ReturnType<Tool["execute"]>;
}

/** A workspace whose `mcp.json` names these servers, and the tools of its agent `writer`. */
export function setUp(mcp: Record<string, unknown>, options: Partial<ConnectorsOptions> = {}): TestSetup {
  const folder = aFolder();
  const pins = new Map<string, SeenTools>();
  const text = JSON.stringify({ mcpServers: mcp });
  folder.write("mcp.json", text);
  const connectors = createConnectors({
    workspace: folder.path,
    clock: systemClock,
    values: { environment: { PATH: "/usr/bin:/bin", SHELL: "/bin/sh" } },
    pins: { read: async (name) => pins.get(name) ?? null, write: async (name, seen) => void pins.set(name, seen) },
    taken: TAKEN,
    agents: async () => [{ name: "writer", folder: join(folder.path, "agents", "writer") }],
    ...options,
  });
  closing.push(
    () => folder.remove(),
    () => connectors.close(),
  );
  const tools = async () => (await connectors.toolsFor({ folder: join(folder.path, "agents", "writer") })).tools;
  const tool = async (name: string) => {
    const all = await tools();
    const found = all.find((each) => each.name === name);
    if (!found) throw new Error(`There is no ${name}, only ${all.map((each) => each.name).join(", ")}.`);
    return found;
  };
  return {
    folder,
    connectors,
    pins,
    tools,
    tool,
    call: async (name, args, changes) => (await tool(name)).execute(args, aContext(folder.path, changes)),
  };
}

/** The entry of a scripted server that runs as a program. */
export function program(script: McpScript, more: Record<string, unknown> = {}): Record<string, unknown> {
  const scripts = aFolder({ "script.json": JSON.stringify(script) });
  closing.push(() => scripts.remove());
  return { command: process.execPath, args: [MAIN, join(scripts.path, "script.json")], ...more };
}

export async function overHttp(script: McpScript): Promise<McpHttpServer> {
  const server = await startMcpHttpServer(script);
  closing.push(() => server.close());
  return server;
}

export const ECHO: ScriptedTool = {
  name: "get_echo",
  description: "Gives back what it is given.",
  inputSchema: { properties: { text: { type: "string" }, cc: { type: "array" } }, required: ["text"] },
};
export const SEND: ScriptedTool = {
  name: "send_email",
  inputSchema: { properties: { recipients: { type: "array" }, subject: { type: "string" }, body: { type: "string" } } },
};

/** A folder that is there until the test is over. */
export function aFolderKept(): string {
  const folder = aFolder();
  closing.push(() => folder.remove());
  return folder.path;
}
