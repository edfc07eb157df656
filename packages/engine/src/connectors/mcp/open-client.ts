import { isAbsolute, resolve } from "node:path";
import { AppError } from "@bureau/protocol";
import type { Client, Transport } from "@modelcontextprotocol/client";
import type { Clock } from "../../clock.ts";
import { boundedFetch } from "./bounded-fetch.ts";
import type { Filler } from "./fill-in.ts";
import type { ServerConfig } from "./server-config.ts";
import { StdioTransport } from "./stdio-transport.ts";

/** Of each exchange while a connection is made; a program may first have to be fetched from a registry. */
const CONNECT_MS = 30_000;
/** On a pipe, how long a server may be silent to the first question before it is taken to be an older one. */
const PROBE_MS = 8_000;
const MAX_PAGES = 20;
/** Of our own environment, what a program needs to find its way; all else must stand in `env`. */
const PASSED_ON = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR"];

type Sdk = typeof import("@modelcontextprotocol/client");
type VersionMode = "auto" | "legacy";

export interface OpenedClient {
  client: Client;
  /** Id of the server's process; null where it is not one of ours. */
  pid: number | null;
  errorOutput(): string;
}

export interface OpenOptions {
  config: ServerConfig;
  filler: Filler;
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  onToolsChanged(): void;
  onClosed(): void;
}

/** Starts or calls a server, and agrees with it on a version of the protocol. Nothing is left behind on failure. */
export async function openClient(options: OpenOptions): Promise<OpenedClient> {
  const sdk = await import("@modelcontextprotocol/client");
  try {
    return await connect(sdk, options, "auto");
  } catch (error) {
    const isOld = options.config.transport.type === "stdio" && sdk.SdkError.isInstance(error);
    // Older servers end at the first question that is not their greeting.
    if (!isOld || error.code !== sdk.SdkErrorCode.EraNegotiationFailed) throw error;
    return await connect(sdk, options, "legacy");
  }
}

async function connect(sdk: Sdk, options: OpenOptions, mode: VersionMode): Promise<OpenedClient> {
  const transport = await makeTransport(sdk, options);
  const client = new sdk.Client(
    { name: "bureau", version: "0.1.0" },
    {
      capabilities: {},
      versionNegotiation: { mode, probe: { timeoutMs: PROBE_MS } },
      listChanged: { tools: { autoRefresh: false, onChanged: () => options.onToolsChanged() } },
      listMaxPages: MAX_PAGES,
    },
  );
  client.onclose = () => options.onClosed();
  const errorOutput = () => (transport instanceof StdioTransport ? transport.errorOutput : "");
  try {
    await client.connect(transport, { timeout: CONNECT_MS });
  } catch (error) {
    await client.close().catch(() => undefined);
    await transport.close().catch(() => undefined);
    throw withOutput(error, errorOutput());
  }
  return { client, pid: transport instanceof StdioTransport ? transport.pid : null, errorOutput };
}

/** What a program said before it ended tells more than that it ended. */
function withOutput(error: unknown, output: string): unknown {
  const said = output.trim().split("\n").slice(-3).join(" ").slice(-500);
  if (error instanceof Error && said !== "") error.message = `${error.message} It said: ${said}`;
  return error;
}

async function makeTransport(sdk: Sdk, options: OpenOptions): Promise<Transport> {
  const { config, filler, clock } = options;
  const { transport } = config;
  if (transport.type === "http") {
    const url = await filler.fill(transport.url);
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new AppError("invalid", "Its url is no http or https address.", { hint: "Mend it in mcp.json." });
    const headers = await fillMap(filler, transport.headers);
    return new sdk.StreamableHTTPClientTransport(new URL(url), { fetch: boundedFetch, requestInit: { headers } });
  }
  const cwd = transport.cwd === null ? config.folder : await filler.fill(transport.cwd);
  return new StdioTransport(sdk, {
    command: await filler.fill(transport.command),
    args: await Promise.all(transport.args.map((each) => filler.fill(each))),
    env: { ...passedOn(options.environment), ...(await fillMap(filler, transport.env)) },
    cwd: isAbsolute(cwd) ? cwd : resolve(config.folder, cwd),
    clock,
  });
}

function passedOn(environment: OpenOptions["environment"]): Record<string, string> {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
}

async function fillMap(filler: Filler, values: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const filled = Object.entries(values).map(async ([key, value]) => [key, await filler.fill(value)] as const);
  return Object.fromEntries(await Promise.all(filled));
}
