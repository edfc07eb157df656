import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type CallToolResult, Server, type Tool } from "@modelcontextprotocol/server";

/** What a server for tests does, as JSON: it may run in a process of its own. */
export interface McpScript {
  tools: ScriptedTool[];
  /** File to which each call is added as a line of JSON when it arrives. */
  log?: string;
}

export interface ScriptedTool {
  name: string;
  description?: string;
  inputSchema?: Record<string, unknown>;
  annotations?: Record<string, boolean>;
  /** What it answers with; text by itself is one part of text. Absent: its arguments as JSON. */
  answer?: string | Partial<CallToolResult>;
  /** Answers with text of so many bytes. */
  answerBytes?: number;
  /** Ends the process when it is called, before it answers; with a file, only the first time. */
  dies?: boolean | string;
  delayMs?: number;
  /** Keeps what it is called with; a tool with `lists` answers with all that is kept. */
  keeps?: string;
  lists?: string;
  /** Answers with what it received: arguments, `_meta`, and its environment's names. */
  reflects?: boolean;
  /** Adds a tool of this name to the list, and says that the list changed. */
  addsTool?: string;
}

export interface LoggedCall {
  name: string;
  arguments: Record<string, unknown>;
  meta: Record<string, unknown>;
}

/** A real server of the Model Context Protocol that does what a script says. */
export function scriptedMcpServer(script: McpScript, kept: Map<string, unknown[]> = new Map()): Server {
  const server = new Server({ name: "scripted", version: "1.0.0" }, { capabilities: { tools: { listChanged: true } } });
  server.setRequestHandler("tools/list", () => ({ tools: script.tools.map((tool) => shown(tool)) }));
  server.setRequestHandler("tools/call", async ({ params }) => {
    const args = params.arguments ?? {};
    const call: LoggedCall = { name: params.name, arguments: args, meta: params._meta ?? {} };
    if (script.log) appendFileSync(script.log, `${JSON.stringify(call)}\n`);
    const tool = script.tools.find(({ name }) => name === params.name);
    if (!tool) return answer({ isError: true, content: [{ type: "text", text: `There is no ${params.name}.` }] });
    if (tool.keeps) kept.set(tool.keeps, [...(kept.get(tool.keeps) ?? []), args]);
    if (tool.dies && mayDie(tool.dies)) process.exit(3);
    if (tool.delayMs) await delay(tool.delayMs);
    if (tool.addsTool) {
      script.tools.push({ name: tool.addsTool });
      await server.sendToolListChanged();
    }
    if (tool.lists) return answer(JSON.stringify(kept.get(tool.lists) ?? []));
    if (tool.reflects) return answer(JSON.stringify({ ...call, environment: Object.keys(process.env) }));
    if (tool.answerBytes) return answer("x".repeat(tool.answerBytes));
    return answer(tool.answer ?? JSON.stringify(args));
  });
  return server;
}

function mayDie(dies: boolean | string): boolean {
  if (typeof dies === "boolean") return true;
  if (existsSync(dies)) return false;
  writeFileSync(dies, "");
  return true;
}

function answer(result: string | Partial<CallToolResult>): CallToolResult {
  if (typeof result === "string") return { content: [{ type: "text", text: result }] };
  return { content: [], ...result };
}

function shown({ name, description, inputSchema, annotations }: ScriptedTool): Tool {
  return {
    name,
    inputSchema: { type: "object", ...inputSchema } as Tool["inputSchema"],
    ...(description === undefined ? {} : { description }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

/** The calls that a server has logged. */
export function loggedCalls(log: string): LoggedCall[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as LoggedCall);
}
