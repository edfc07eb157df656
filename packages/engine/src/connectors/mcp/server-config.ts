import type { Trust } from "../../domain/action.ts";
import type { ToolWord } from "../../domain/classify-tool.ts";

/** A server as `mcp.json` names it. Texts still hold their `${…}`: they are filled in when it is connected to. */
export interface ServerConfig {
  name: string;
  transport: StdioConfig | HttpConfig;
  trust: Trust;
  /** Of each call, in milliseconds. */
  timeoutMs: number;
  /** What a person says of tools, by the names that the server gives them. */
  tools: ReadonlyMap<string, ToolSettings>;
  /** The file it stands in, for messages. */
  file: string;
  /** Folder in which that file lies. */
  folder: string;
}

export interface StdioConfig {
  type: "stdio";
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Null: the folder of the file. */
  cwd: string | null;
}

export interface HttpConfig {
  type: "http";
  url: string;
  headers: Readonly<Record<string, string>>;
}

/** What a person says of one tool. */
export interface ToolSettings extends ToolWord {
  kind?: string;
  /** Arguments that say who or what it goes to; all others are content. */
  targets?: readonly string[];
  undo?: ToolCallTemplate;
  reconcile?: ToolCallTemplate & { match: readonly string[] };
  undoWindowMs?: number;
  hidden?: boolean;
}

/** A call of another tool of the same server. Texts that begin with `$.` or `$arguments.` are places to take from. */
export interface ToolCallTemplate {
  tool: string;
  arguments: Readonly<Record<string, unknown>>;
}
