import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  builtInTools,
  capsOfWorkspace,
  createModels,
  createRehearsal,
  createSandbox,
  createSecretGuard,
  type Database,
  type Drift,
  type Engine,
  type EngineOptions,
  guardModels,
  isPushSubject,
  migrate,
  type Models,
  openDatabase,
  openRecordingFile,
  recordAnswers,
  type SecretGuard,
  type SecretStore,
  startEmbeddedPostgres,
  startEngine,
  systemClock,
  type Vault,
  withReconnect,
} from "@bureau/engine";
import { AppError } from "@bureau/protocol";
import type { Fault, Log } from "./app-parts.ts";
import { createOwnerKey } from "./auth.ts";
import type { Config } from "./config.ts";
import { readHaltFile, removeHaltFile } from "./halt-file.ts";
import { knownSecrets } from "./known-secrets.ts";
import { openSecrets } from "./open-secrets.ts";
import { createPushTransport } from "./push-transport.ts";
import { checkPort, serve } from "./serve.ts";
import { createWebBuild, type WebBuild } from "./web-build.ts";
import { watchGoals } from "./watch-goals.ts";
import { ownFolder, readServerFile, readToken, removeServerFile, writeServerFile } from "./server-file.ts";

const MAX_CONNECTIONS = 6;
const MAX_AGENTS = 500;
const PRUNE_FIRST_MS = 60 * 60_000;
const PRUNE_EVERY_MS = 24 * 60 * 60_000;
const PRUNE_AGAIN_MS = 60_000;
const PROBE_MS = 500;
const AGENT_FOLDER = "<folder>";
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const WEB = join(ROOT, "packages", "web");
const WEB_FOLDER = join(WEB, "dist");

export interface RunningServer {
  url: string;
  token: string;
  workspace: string;
  version: string;
  /** Stops taking work up, ends connections, and stops the database if nobody else uses it. Twice is no error. */
  stop(): Promise<void>;
}

/**
 * Database, engine, API and web page in this process: the only place where they are put together.
 *
 * Nothing is left behind when a part fails to start. Work that an earlier process left goes on by itself.
 */
export async function startServer(config: Config, write: Log): Promise<RunningServer> {
  const stack = new AsyncDisposableStack();
  try {
    const workspace = await realFolder(config.workspace);
    const folder = await ownFolder(workspace);
    await refuseSecond(folder);
    await checkPort(config.host, config.port);
    const [token, version] = await Promise.all([readToken(folder, config.token), readVersion()]);
    const { vault, guard, problem } = await openSecrets({ ...config, workspace });
    const log: Log = (level, message) => write(level, guard.redact(message));
    if (problem !== null) log("warn", `${textOf(problem)} ${hintOf(problem)}`.trim());
    for (const warning of config.settings.warnings) log("warn", warning);
    // Recordings name an agent's folder by this text, wherever it lies.
    const placeholders: Record<string, string> = { [workspace]: AGENT_FOLDER };
    const late: { engine?: Engine } = {};
    const onDrift = (drift: Drift) => {
      late.engine
        ?.reportDrift(drift)
        .catch((error: unknown) => log("warn", `A drift could not be kept: ${textOf(error)}`));
    };
    const models = await openModels({ config, placeholders, stack, log, onDrift, vault, guard });
    // Loads while the database starts, which leaves this process idle.
    void models.prepare?.();
    const ownerKey = createOwnerKey(token);
    const halted = await readHaltFile(folder, systemClock.now);
    const engine = await openEngine({ config, workspace, folder, models, halted, vault, guard, ownerKey, stack, log });
    stack.defer(() => engine.stop());
    late.engine = engine;
    if (halted !== null) await removeHaltFile(folder);
    // Runs are at work already, so a database that dies now is no reason to end.
    const status = await withReconnect(() => engine.status());
    if (status.halted !== null) log("warn", `${status.sentence} \`bureau resume --all\` lets it go on.`);
    if (config.rehearsal !== null || config.record !== null) await addAgentFolders(engine, placeholders);
    const goalFiles = await watchGoals(engine, workspace, log);
    stack.defer(() => goalFiles.stop());
    stack.defer(pruneDaily(engine, log));
    const { host, port, hosts, publicUrl, trustedProxies } = config;
    const onFault = (fault: Fault) => log("error", describeFault(fault));
    const parts = {
      engine,
      guard,
      clock: systemClock,
      token,
      ownerKey,
      version,
      hosts,
      publicUrl,
      trustedProxies,
      webFolder: WEB_FOLDER,
      webBuild: webBuild(config, stack, log),
      onFault,
    };
    const served = await serve({ ...parts, host, port });
    stack.defer(() => served.stop());
    await writeServerFile(folder, served.url, token, config.token !== null);
    stack.defer(() => removeServerFile(folder));
    return { url: served.url, token, workspace, version, stop: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw createSecretGuard(knownSecrets(config, config.token)).redactError(error);
  }
}

async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw new AppError("not_found", `The workspace ${path} is not there.`, {
      hint: `Make one with \`bureau init ${path}\`.`,
      cause: error,
    });
  }
}

/** One server a workspace: a second one would be found by nobody. */
async function refuseSecond(folder: string): Promise<void> {
  const running = await readServerFile(folder);
  if (running === null) return;
  const isAnswering = await fetch(`${running.url}/healthz`, { signal: AbortSignal.timeout(PROBE_MS) }).then(
    (response) => response.ok,
    () => false,
  );
  if (!isAnswering) return;
  throw new AppError("conflict", `Bureau is already running for this workspace at ${running.url}.`, {
    hint: `Open that address, or end process ${running.pid} first.`,
  });
}

/** Version of the program. */
export async function readVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return manifest.version;
}

async function startDatabase(config: Config, stack: AsyncDisposableStack, log: Log): Promise<Database> {
  const url = config.databaseUrl ?? (await startEmbedded(config.dataFolder, stack, log));
  const database = await openDatabase({ url, maxConnections: MAX_CONNECTIONS });
  stack.defer(() => database.close());
  await migrate(database);
  return database;
}

async function startEmbedded(dataFolder: string, stack: AsyncDisposableStack, log: Log): Promise<string> {
  const postgres = await startEmbeddedPostgres({ dataFolder, log: (line) => log("info", line) });
  stack.defer(async () => {
    await postgres.stopIfUnused();
  });
  const stopWatching = postgres.supervise((restart) => {
    if (restart.outcome === "restarted")
      log("warn", `The database had ended and was started again in ${restart.tookMs} ms.`);
    else log("error", `The database cannot be started, attempt ${restart.attempt}: ${textOf(restart.error)}`);
  });
  stack.defer(stopWatching);
  return postgres.url;
}

interface ModelParts {
  config: Config;
  placeholders: Record<string, string>;
  stack: AsyncDisposableStack;
  log: Log;
  onDrift: (drift: Drift) => void;
  vault: Pick<Vault, "get">;
  guard: SecretGuard;
}

async function openModels(parts: ModelParts): Promise<Models> {
  const { config, placeholders, stack, log, onDrift, vault, guard } = parts;
  if (config.rehearsal === null) {
    const models = createModels(config.models, systemClock, vault);
    stack.defer(() => models.close());
    if (config.record === null) return models;
    const onError = (error: unknown) => log("error", `An answer could not be recorded: ${textOf(error)}`);
    return recordAnswers(guardModels(models, guard), await openRecordingFile(config.record), { placeholders, onError });
  }
  const path = config.rehearsal;
  const recording = await readFile(path, "utf8").catch((error: unknown) => {
    throw new AppError("not_found", `The recording ${path} cannot be read.`, {
      hint: "Check BUREAU_REHEARSAL, or unset it to use a model.",
      cause: error,
    });
  });
  return createRehearsal(recording, {
    placeholders,
    onDrift,
  });
}

async function addAgentFolders(engine: Engine, placeholders: Record<string, string>): Promise<void> {
  const { agents } = await engine.listAgents({ limit: MAX_AGENTS });
  for (const agent of agents) placeholders[agent.folder] = AGENT_FOLDER;
}

/** Keeps the database from growing with what nobody looks at any more; the first look is an hour after the start. */
function pruneDaily(engine: Engine, log: Log): () => void {
  const look = () => {
    engine.prune().then(
      ({ more }) => void (timer = setTimeout(look, more ? PRUNE_AGAIN_MS : PRUNE_EVERY_MS).unref()),
      (error: unknown) => {
        log("warn", `Old working notes could not be removed: ${textOf(error)}`);
        timer = setTimeout(look, PRUNE_EVERY_MS).unref();
      },
    );
  };
  let timer = setTimeout(look, PRUNE_FIRST_MS).unref();
  return () => clearTimeout(timer);
}

interface EngineParts {
  config: Config;
  workspace: string;
  /** Bureau's own folder in it. */
  folder: string;
  models: Models;
  halted: EngineOptions["halted"];
  vault: SecretStore;
  guard: SecretGuard;
  ownerKey: () => Promise<string>;
  stack: AsyncDisposableStack;
  log: Log;
}

async function openEngine(parts: EngineParts): Promise<Engine> {
  const { config, workspace, folder, models, halted = null, vault, guard, ownerKey, stack, log } = parts;
  return await startEngine({
    database: await startDatabase(config, stack, log),
    halted,
    workspace,
    stateFolder: folder,
    models,
    sandbox: createSandbox({
      stateFolder: join(folder, "sandbox"),
      clock: systemClock,
      log: (message) => log("warn", message),
      hidden: [folder, config.dataFolder],
      searchPath: config.searchPath,
    }),
    vault,
    guard,
    tools: builtInTools(toolOptions(config)),
    caps: capsOfWorkspace(workspace, config.settings.caps, log),
    rules: config.settings.policy,
    environment: config.environment,
    push: pushOptions(config, { vault, guard, ownerKey }),
    ...engineLimits(config),
    log,
  });
}

function webBuild(config: Config, stack: AsyncDisposableStack, log: Log): WebBuild {
  const stopping = new AbortController();
  stack.defer(() => stopping.abort());
  return createWebBuild({
    root: ROOT,
    folder: WEB_FOLDER,
    sources: [WEB, join(ROOT, "packages", "protocol", "src")],
    command: [process.execPath, join(WEB, "scripts", "build.ts"), "--if-stale"],
    byHand: "npm run build:web",
    searchPath: config.searchPath,
    home: config.environment["HOME"],
    log: (message) => log("warn", message),
    signal: stopping.signal,
  });
}

function pushOptions(
  config: Config,
  parts: { vault: SecretStore; guard: SecretGuard; ownerKey: () => Promise<string> },
) {
  const { vault, guard, ownerKey } = parts;
  const { subject, actions, allowHosts } = config.settings.push;
  const own = config.hosts.map((host) => `https://${host}`).find(isPushSubject) ?? null;
  return { transport: createPushTransport({ vault, guard, subject: subject ?? own, allowHosts }), actions, ownerKey };
}

function toolOptions({ settings: { fetch, sandbox } }: Config) {
  const { diskBytes } = sandbox;
  return { allowHosts: fetch.allowHosts, network: sandbox, ...(diskBytes === null ? {} : { diskBytes }) };
}

function engineLimits({ settings: { limits, approvals } }: Config) {
  return {
    approvals: {
      ...(approvals.expireAfterMs === null ? {} : { expireAfterMs: approvals.expireAfterMs }),
      ...(approvals.remindAfterMs === null ? {} : { remindAfterMs: approvals.remindAfterMs }),
    },
    ...(limits.maxConcurrentRuns === null ? {} : { concurrency: limits.maxConcurrentRuns }),
    limits: {
      ...(limits.runSteps === null ? {} : { steps: limits.runSteps }),
      ...(limits.runTimeMs === null ? {} : { activeMs: limits.runTimeMs }),
    },
  };
}

function describeFault({ requestId, method, path, error }: Fault): string {
  return `${method} ${path} failed (${requestId}): ${error instanceof Error ? (error.stack ?? error.message) : textOf(error)}`;
}

function hintOf(error: unknown): string {
  return error instanceof AppError ? (error.hint ?? "") : "";
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
