import { fileURLToPath } from "node:url";
import type { HostRule } from "../domain/host-rules.ts";
import type { CommandPlan } from "./broker-protocol.ts";

const PORT = 3128;
const PROGRAM = "/run/bureau/node";
const OPENER = "/run/bureau/open-listener.mjs";
const OPENER_SOURCE = fileURLToPath(new URL("./open-listener.mjs", import.meta.url));
/** What a command does with its own servers stays inside. */
const INSIDE = ["localhost", "127.0.0.1", "::1"];

/** What of a plan lets a command reach the hosts; all of it is empty without hosts. */
export function networkOf(hosts: readonly HostRule[]): CommandPlan["network"] {
  if (hosts.length === 0) return null;
  const opener = ["/usr/bin/env", "-u", "NODE_OPTIONS", PROGRAM, OPENER];
  return { opener: [...opener, String(PORT)], rules: [...hosts] };
}

export function networkArguments(hosts: readonly HostRule[]): string[] {
  if (hosts.length === 0) return [];
  return ["--ro-bind", process.execPath, PROGRAM, "--ro-bind", OPENER_SOURCE, OPENER];
}

/** The names that programs look at, in both spellings: there is no agreement on them. */
export function networkEnvironment(hosts: readonly HostRule[]): Record<string, string> {
  if (hosts.length === 0) return {};
  const proxy = `http://127.0.0.1:${PORT}`;
  const named = new Set(hosts.map((rule) => rule.host.replace(/^\[|\]$/g, "")));
  const inside = INSIDE.filter((name) => !named.has(name)).join(",");
  const values = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy, NO_PROXY: inside };
  const lower = Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]);
  return { ...values, ...Object.fromEntries(lower), NODE_USE_ENV_PROXY: "1" };
}
