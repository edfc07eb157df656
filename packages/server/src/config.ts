import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import {
  DEFAULT_LIMITS,
  type KeyPlace,
  knownLimits,
  type ModelLimits,
  type ModelSettings,
  type ProviderSettings,
  readSettings,
  type WorkspaceSettings,
} from "@bureau/engine";
import { AppError } from "@bureau/protocol";
import { readBaseUrl } from "./addresses.ts";
import { withLocalModel } from "./local-models.ts";
import { addressList } from "./peer.ts";
import { DEFAULT_MODELS, DEFAULT_PORT } from "./settings.ts";

const MIN_TOKEN_CHARACTERS = 16;
const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the command line said. */
export interface Flags {
  workspace?: string | undefined;
  port?: string | number | undefined;
  host?: string | undefined;
}

/** Everything that a server is started with, decided once. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

export interface Config {
  /** Absolute path of the workspace's folder. */
  workspace: string;
  /** Where the embedded database lives. */
  dataFolder: string;
  /** An external PostgreSQL in place of the embedded one. */
  databaseUrl: string | null;
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** Names besides those of loopback under which the server may be called. */
  hosts: string[];
  /** Where others reach the server, for links; null where that is not set. */
  publicUrl: string | null;
  /** Addresses and networks of proxies in front of the server that are believed. */
  trustedProxies: string[];
  /** Null: the one in `.bureau/token`, made when there is none. */
  token: string | null;
  /** Where the key of the vault is. */
  vaultKey: KeyPlace;
  models: ModelSettings;
  /** A recording that answers in place of models. */
  rehearsal: string | null;
  /** A file to which every answer of a model is added, for a rehearsal. */
  record: string | null;
  /** `PATH` of agents' commands: the person's own, so that their programs are found. */
  searchPath: string;
  /** What the entries of `mcp.json` are filled in from. */
  environment: Environment;
  /** What `bureau.yaml` says. */
  settings: WorkspaceSettings;
}

/** The workspace that is meant: named, or the nearest folder upwards with a `bureau.yaml`, or this folder. */
export function findWorkspace(
  flags: Flags,
  environment: Environment = process.env,
  folder: string = process.cwd(),
): string {
  const named = flags.workspace ?? nonEmpty(environment["BUREAU_WORKSPACE"]);
  if (named !== undefined) return resolve(folder, named);
  for (let current = resolve(folder); ; current = dirname(current)) {
    if (existsSync(join(current, "bureau.yaml"))) return current;
    if (dirname(current) === current) return resolve(folder);
  }
}

/** Everything read once: the workspace's file, the environment, the flags, and a model server of this machine. */
export async function loadConfig(flags: Flags, environment: Environment = process.env): Promise<Config> {
  const settings = await readSettings(findWorkspace(flags, environment));
  const config = readConfig(flags, settings, environment);
  if (config.rehearsal !== null) return config;
  return { ...config, models: await withLocalModel(config.models) };
}

/** Settings by file, then environment, then flag; the later one wins. Throws `invalid` naming what is wrong. */
export function readConfig(
  flags: Flags,
  settings: WorkspaceSettings,
  environment: Environment = process.env,
  folder: string = process.cwd(),
): Config {
  const workspace = findWorkspace(flags, environment, folder);
  const host = flags.host ?? "127.0.0.1";
  const token = nonEmpty(environment["BUREAU_TOKEN"]) ?? null;
  checkExposure(host, token);
  const publicUrl = readPublicUrl(settings, environment);
  const data = nonEmpty(environment["BUREAU_DATA"]);
  const rehearsal = nonEmpty(environment["BUREAU_REHEARSAL"]);
  const record = nonEmpty(environment["BUREAU_RECORD"]);
  return {
    workspace,
    dataFolder: data === undefined ? join(workspace, ".bureau", "postgres") : resolve(folder, data),
    databaseUrl: databaseUrl(environment),
    host,
    port: readPort(flags, environment),
    hosts: [
      ...(LOOPBACK.includes(host) || isAnyAddress(host) ? [] : [host]),
      ...(publicUrl === null ? [] : [publicUrl.hostname]),
      ...words(environment["BUREAU_HOSTS"]),
    ],
    publicUrl: publicUrl?.origin ?? null,
    trustedProxies: readTrustedProxies(environment),
    token,
    vaultKey: readVaultKeyPlace(environment, folder),
    models: readModels(settings, environment),
    rehearsal: rehearsal === undefined ? null : resolve(folder, rehearsal),
    record: record === undefined ? null : resolve(folder, record),
    searchPath: absolutePath(environment["PATH"]),
    environment,
    settings,
  };
}

/** Where the vault's key is: at most one of three variables, or the vault's own folder. */
function readVaultKeyPlace(environment: Environment, folder: string): KeyPlace {
  const names = ["BUREAU_VAULT_KEY", "BUREAU_VAULT_KEY_FILE", "BUREAU_VAULT_KEY_COMMAND"] as const;
  const set = names.filter((name) => nonEmpty(environment[name]) !== undefined);
  if (set.length > 1) {
    throw new AppError("invalid", `${set.join(" and ")} are both set, and the vault has one key.`, {
      hint: "Keep one of them.",
    });
  }
  const value = (environment[set[0] ?? ""] ?? "").trim();
  if (set[0] === "BUREAU_VAULT_KEY") return { type: "given", key: value };
  if (set[0] === "BUREAU_VAULT_KEY_FILE") return { type: "file", path: resolve(folder, value) };
  if (set[0] === "BUREAU_VAULT_KEY_COMMAND") return { type: "command", command: value };
  return { type: "own" };
}

/** The absolute folders of a search path, with those of the system at its end. */
function absolutePath(path = ""): string {
  const folders = [...path.split(":"), ...SYSTEM_FOLDERS].filter((folder) => folder.startsWith("/"));
  return [...new Set(folders)].join(":");
}

function checkExposure(host: string, token: string | null): void {
  if (LOOPBACK.includes(host)) return;
  if (token === null) {
    throw new AppError("invalid", `The host ${host} can be reached from outside, and no token is set.`, {
      hint: "Set BUREAU_TOKEN to a long secret, or leave --host out.",
    });
  }
  if (token.length < MIN_TOKEN_CHARACTERS) {
    throw new AppError("invalid", `BUREAU_TOKEN has ${token.length} characters, too few for the host ${host}.`, {
      hint: `Use at least ${MIN_TOKEN_CHARACTERS} random characters.`,
    });
  }
}

function readTrustedProxies(environment: Environment): string[] {
  const proxies = words(environment["BUREAU_TRUSTED_PROXY"]);
  addressList(proxies);
  return proxies;
}

function readPublicUrl(settings: WorkspaceSettings, environment: Environment): URL | null {
  const named = nonEmpty(environment["BUREAU_PUBLIC_URL"]);
  if (named !== undefined) return readBaseUrl(named, "BUREAU_PUBLIC_URL");
  return settings.publicUrl === null ? null : readBaseUrl(settings.publicUrl, "publicUrl in bureau.yaml");
}

/** What stands between commas. */
function words(text = ""): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function isAnyAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function databaseUrl(environment: Environment): string | null {
  const url = nonEmpty(environment["DATABASE_URL"]);
  if (url === undefined) return null;
  if (/^postgres(ql)?:\/\//.test(url)) return url;
  throw new AppError("invalid", "DATABASE_URL is not the address of a PostgreSQL database.", {
    hint: "Write it as postgres://USER:PASSWORD@HOST:5432/NAME, or unset it to use the embedded database.",
  });
}

function readPort(flags: Flags, environment: Environment): number {
  const [source, value] =
    flags.port !== undefined
      ? ["--port", flags.port]
      : nonEmpty(environment["BUREAU_PORT"]) !== undefined
        ? ["BUREAU_PORT", environment["BUREAU_PORT"]]
        : ["the default port", DEFAULT_PORT];
  const text = String(value).trim();
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port >= 0 && port <= 65_535) return port;
  throw new AppError("invalid", `${source} is ${text.slice(0, 40)}, which is not a port.`, {
    hint: "Use a number from 1 to 65535, or 0 for any free port.",
  });
}

/** Providers with a key or an address, and the model to use when none is named. */
function readModels(settings: WorkspaceSettings, environment: Environment): ModelSettings {
  const providers: Record<string, ProviderSettings> = {};
  const maxConcurrent = settings.limits.maxConcurrentCalls ?? undefined;
  for (const [name, { kind, baseUrl, apiKeyEnv, apiKeySecret, headers }] of Object.entries(settings.providers)) {
    const fromEnvironment = apiKeyEnv === null ? undefined : nonEmpty(environment[apiKeyEnv]);
    const apiKey = apiKeySecret === null ? fromEnvironment : `\${secret:${apiKeySecret}}`;
    providers[name] = compact({ kind, baseUrl: baseUrl ?? undefined, apiKey, headers, maxConcurrent });
  }
  for (const { name, prefix } of KNOWN_PROVIDERS) {
    const apiKey = nonEmpty(environment[`${prefix}_API_KEY`]);
    const baseUrl = nonEmpty(environment[`${prefix}_BASE_URL`])?.replace(/\/+$/, "");
    if (apiKey === undefined && baseUrl === undefined) continue;
    providers[name] = { ...providers[name], ...compact({ kind: name, apiKey, baseUrl, maxConcurrent }) };
  }
  const { models, prices } = settings;
  return {
    ...compact({
      default: nonEmpty(environment["BUREAU_MODEL"]) ?? models.default ?? defaultModel(providers),
      fast: models.fast ?? undefined,
      judge: models.judge ?? undefined,
    }),
    fallbacks: models.fallbacks,
    providers,
    prices,
    limits: readLimits(settings),
  };
}

/** Where only one of the two is set, the other is what is known of the model. */
function readLimits(settings: WorkspaceSettings): Record<string, ModelLimits> {
  const entries = Object.entries(settings.modelLimits).map(([model, { contextTokens, maxOutputTokens }]) => {
    const known = knownLimits(model) ?? DEFAULT_LIMITS;
    return [
      model,
      {
        contextTokens: contextTokens ?? known.contextTokens,
        maxOutputTokens: maxOutputTokens ?? known.maxOutputTokens,
      },
    ];
  });
  return Object.fromEntries(entries);
}

/** Variables start with the prefix: `OPENAI_API_KEY`, `OPENAI_BASE_URL`. The first with a key gives the default. */
const KNOWN_PROVIDERS = [
  { name: "anthropic", prefix: "ANTHROPIC" },
  { name: "openai", prefix: "OPENAI" },
  { name: "google", prefix: "GOOGLE_GENERATIVE_AI" },
] as const;

function defaultModel(providers: Record<string, ProviderSettings>): string | undefined {
  const known = KNOWN_PROVIDERS.find(({ name }) => providers[name] !== undefined);
  return known === undefined ? undefined : `${known.name}/${DEFAULT_MODELS[known.name]}`;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === "" ? undefined : value.trim();
}

/** Without the fields that are undefined. */
function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}
