import { TOOL_EFFECTS, type ToolEffect } from "@bureau/protocol";
import { parseDuration } from "../../domain/duration.ts";
import type { HttpConfig, ServerConfig, StdioConfig, ToolCallTemplate, ToolSettings } from "./server-config.ts";

export const MCP_FILE = "mcp.json";
/** Key of our own settings in a server's entry; other programs leave it alone. */
const OWN_KEY = "bureau";

const MAX_SERVERS = 50;
const MAX_LIST = 200;
const MAX_TOOLS = 500;
const MAX_TEXT_LENGTH = 16_384;
const MAX_NAME_LENGTH = 100;
const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_TIMEOUT_MS = 30 * 60_000;
const MAX_UNDO_WINDOW_MS = 10 * 60_000;
const MAX_NOTICES = 20;

/** What a file of servers comes to. A server with a mistake is left out, with a notice that names it. */
export interface McpFile {
  servers: ServerConfig[];
  notices: string[];
}

type Values = Record<string, unknown>;

interface FilePlace {
  /** As a person knows it. */
  file: string;
  folder: string;
}

/**
 * Reads the customary `mcp.json`. Lenient where others write it: `servers` in place of `mcpServers`, `serverUrl`, the
 * names that others give to transports; keys of other programs are left alone. Strict in `bureau`, where a slip would
 * let through what a person meant to hold back: there a mistake leaves the whole server out.
 */
export function parseMcpJson(text: string, place: FilePlace): McpFile {
  const notices: string[] = [];
  const say = (sentence: string) => void (notices.length < MAX_NOTICES && notices.push(`${place.file}: ${sentence}`));
  const servers: ServerConfig[] = [];
  for (const [name, value] of entriesOf(text, say)) {
    try {
      const entry = objectOf(value, "it");
      if (entry["disabled"] === true || entry["enabled"] === false) continue;
      servers.push(readServer(name, entry, place, (what) => say(`the server ${quoted(name)}: ${what}`)));
    } catch (error) {
      if (!(error instanceof Mistake)) throw error;
      say(`the server ${quoted(name)} is left out: ${error.message}.`);
    }
  }
  return { servers, notices };
}

/** A mistake in the file, as the end of a sentence. */
class Mistake extends Error {}

function entriesOf(text: string, say: (sentence: string) => void): [string, unknown][] {
  try {
    if (text.trim() === "") return [];
    const root = objectOf(JSON.parse(text.replace(/^\uFEFF/, "")), "it");
    const servers = root["mcpServers"] ?? root["servers"];
    if (servers === undefined || servers === null) return [];
    const entries = Object.entries(objectOf(servers, "mcpServers"));
    if (entries.length > MAX_SERVERS) say(`only the first ${MAX_SERVERS} of ${entries.length} servers are taken.`);
    return entries.slice(0, MAX_SERVERS);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`it cannot be read, so none of its servers is used: ${reason.slice(0, 200)}.`);
    return [];
  }
}

function readServer(name: string, entry: Values, place: FilePlace, say: (what: string) => void): ServerConfig {
  if (name.trim() === "" || name.length > MAX_NAME_LENGTH || !/[a-z0-9]/i.test(name))
    throw new Mistake("its name needs a letter or a digit, and at most 100 characters");
  const own = objectOf(entry[OWN_KEY] ?? {}, OWN_KEY);
  refuseUnknown(own, ["trust", "timeout", "tools"], OWN_KEY);
  return {
    name,
    transport: readTransport(entry, say),
    trust: oneOf(own["trust"] ?? "untrusted", ["trusted", "untrusted"], "bureau.trust"),
    timeoutMs: duration(own["timeout"], "bureau.timeout", MAX_TIMEOUT_MS) ?? DEFAULT_TIMEOUT_MS,
    tools: readTools(own["tools"]),
    ...place,
  };
}

function readTransport(entry: Values, say: (what: string) => void): StdioConfig | HttpConfig {
  const type = entry["type"] ?? entry["transport"];
  const url = entry["url"] ?? entry["serverUrl"] ?? entry["httpUrl"];
  if (type === "sse") say("its type is sse, which MCP gave up; it is spoken to over streamable HTTP.");
  if (url !== undefined && type !== "stdio") return readHttp(text(url, "url"), entry);
  if (entry["command"] === undefined) throw new Mistake("it has neither a command nor a url");
  return {
    type: "stdio",
    command: text(entry["command"], "command"),
    args: listOf(entry["args"] ?? [], "args").map((each) => scalar(each, "args")),
    env: textMap(entry["env"], "env"),
    cwd: entry["cwd"] === undefined || entry["cwd"] === null ? null : text(entry["cwd"], "cwd"),
  };
}

function readHttp(url: string, entry: Values): HttpConfig {
  // With `${…}` in it, it is checked once that is filled in.
  if (!url.includes("${") && !/^https?:\/\/[^/]/i.test(url)) throw new Mistake("its url is no http or https address");
  const headers = { ...textMap(entry["requestInit"] && objectOf(entry["requestInit"], "requestInit")["headers"]) };
  return { type: "http", url, headers: { ...headers, ...textMap(entry["headers"], "headers") } };
}

function readTools(value: unknown): Map<string, ToolSettings> {
  const entries = Object.entries(objectOf(value ?? {}, "bureau.tools"));
  if (entries.length > MAX_TOOLS) throw new Mistake(`bureau.tools has more than ${MAX_TOOLS} entries`);
  return new Map(entries.map(([name, settings]) => [name, readTool(settings, `bureau.tools.${name.slice(0, 60)}`)]));
}

const TOOL_KEYS = [
  "effect",
  "idempotent",
  "kind",
  "targets",
  "carriesOut",
  "reversible",
  "undo",
  "reconcile",
  "undoWindow",
  "hidden",
];

function readTool(value: unknown, path: string): ToolSettings {
  const values = objectOf(value, path);
  refuseUnknown(values, TOOL_KEYS, path);
  const settings: ToolSettings = {};
  const given = (key: string) => values[key] !== undefined && values[key] !== null;
  if (given("effect")) settings.effect = oneOf<ToolEffect>(values["effect"], TOOL_EFFECTS, `${path}.effect`);
  for (const key of ["idempotent", "carriesOut", "reversible", "hidden"] as const)
    if (given(key)) settings[key] = flag(values[key], `${path}.${key}`);
  if (given("kind")) settings.kind = kindOf(values["kind"], `${path}.kind`);
  if (given("targets")) settings.targets = names(values["targets"], `${path}.targets`);
  if (given("undo")) settings.undo = template(values["undo"], `${path}.undo`, ["tool", "arguments"]);
  if (given("reconcile")) settings.reconcile = readReconcile(values["reconcile"], `${path}.reconcile`);
  const window = duration(values["undoWindow"], `${path}.undoWindow`, MAX_UNDO_WINDOW_MS);
  if (window !== null) settings.undoWindowMs = window;
  if (settings.reversible === true && !settings.undo)
    throw new Mistake(`${path}.reversible needs an undo that says how`);
  return settings;
}

function readReconcile(value: unknown, path: string): NonNullable<ToolSettings["reconcile"]> {
  const match = names(objectOf(value, path)["match"] ?? [], `${path}.match`);
  if (match.length === 0) throw new Mistake(`${path}.match needs the arguments by which an entry is known`);
  return { ...template(value, path, ["tool", "arguments", "match"]), match };
}

function template(value: unknown, path: string, keys: readonly string[]): ToolCallTemplate {
  const values = objectOf(value, path);
  refuseUnknown(values, keys, path);
  return { tool: text(values["tool"], `${path}.tool`), arguments: objectOf(values["arguments"] ?? {}, path) };
}

function kindOf(value: unknown, path: string): string {
  const kind = text(value, path);
  if (/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(kind)) return kind;
  throw new Mistake(`${path} must be words with dots between them, such as mail.send`);
}

function refuseUnknown(values: Values, known: readonly string[], path: string): void {
  const unknown = Object.keys(values).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new Mistake(`${path} has no setting ${quoted(unknown)}; it takes ${known.join(", ")}`);
}

function objectOf(value: unknown, path: string): Values {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Values;
  throw new Mistake(`${path} must be an object`);
}

function listOf(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) throw new Mistake(`${path} must be a list`);
  if (value.length > MAX_LIST) throw new Mistake(`${path} has more than ${MAX_LIST} entries`);
  return value;
}

function names(value: unknown, path: string): string[] {
  return listOf(value, path).map((each) => text(each, path));
}

function text(value: unknown, path: string): string {
  if (typeof value !== "string" || value.trim() === "") throw new Mistake(`${path} must be text`);
  if (value.length > MAX_TEXT_LENGTH) throw new Mistake(`${path} is longer than ${MAX_TEXT_LENGTH} characters`);
  if (value.includes("\0")) throw new Mistake(`${path} holds a NUL`);
  return value;
}

/** A number or yes/no as it is written: `"args": ["--port", 8080]`. Empty text is kept. */
function scalar(value: unknown, path: string): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return value === "" ? "" : text(value, path);
}

function textMap(value: unknown, path = "headers"): Record<string, string> {
  if (value === undefined || value === null) return {};
  const entries = Object.entries(objectOf(value, path));
  if (entries.length > MAX_LIST) throw new Mistake(`${path} has more than ${MAX_LIST} entries`);
  return Object.fromEntries(entries.map(([key, each]) => [key, scalar(each, `${path}.${key.slice(0, 60)}`)]));
}

function flag(value: unknown, path: string): boolean {
  if (typeof value === "boolean") return value;
  throw new Mistake(`${path} must be true or false`);
}

function oneOf<T extends string>(value: unknown, known: readonly T[], path: string): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new Mistake(`${path} must be one of ${known.join(", ")}`);
  return found;
}

function duration(value: unknown, path: string, mostMs: number): number | null {
  if (value === undefined || value === null) return null;
  const ms = typeof value === "string" ? parseDuration(value) : null;
  if (ms === null) throw new Mistake(`${path} must be a duration with its unit, such as 60s`);
  if (ms > mostMs) throw new Mistake(`${path} is longer than ${mostMs / 60_000} minutes`);
  return ms;
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}
