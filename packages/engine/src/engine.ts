import { join } from "node:path";
import type { Halt } from "@bureau/protocol";
import type { EngineApi } from "./engine-api.ts";
import { type Clock, systemClock, systemRandom } from "./clock.ts";
import { expireEntries } from "./commands/expire-entries.ts";
import { continueGoal } from "./commands/continue-goal.ts";
import type { CommandParts, Dispatcher } from "./commands/parts.ts";
import { prepareStarts } from "./commands/start-runs.ts";
import { holdSpending } from "./commands/hold-spending.ts";
import type { Connectors } from "./connectors/connector.ts";
import { createConnectors } from "./connectors/create-connectors.ts";
import { prune, type PruneReport } from "./commands/prune.ts";
import { reportDrift } from "./commands/report-drift.ts";
import { changedGoalFiles, type GoalFileReport, syncGoalFile } from "./commands/sync-goal-file.ts";
import { discoverAgents } from "./commands/add-agent.ts";
import { clearUnfinishedGoalFiles } from "./commands/goal-files.ts";
import { folderDigest } from "./context/folder-digest.ts";
import {
  type ContextCache,
  type ContextPaths,
  createContextCache,
  loadContext,
  type LoadedContext,
} from "./context/load-context.ts";
import type { PolicyRule } from "./domain/policy.ts";
import { engineApi } from "./engine-methods.ts";
import { runChecks } from "./goals/run-checks.ts";
import { type RunDispatcher, startDispatcher } from "./loop/dispatcher.ts";
import { Executor, forgetExecutors } from "./loop/executors.ts";
import { JournalWriter } from "./loop/journal-writer.ts";
import { keepDriving } from "./loop/keep-driving.ts";
import { Live } from "./loop/live.ts";
import { guardParts } from "./loop/guard-parts.ts";
import { Expiry } from "./loop/expiry.ts";
import { type ApprovalTimes, approvalTimes, DEFAULT_RUN_LIMITS, type LoopParts, type RunLimits } from "./loop/parts.ts";
import { policyReader } from "./loop/policy-view.ts";
import { SpendWatch } from "./loop/spend-watch.ts";
import { Signals } from "./loop/signals.ts";
import type { Models } from "./models/model.ts";
import type { Drift } from "./models/rehearsal.ts";
import { createPush, NO_PUSH, type Push, type PushOptions } from "./push.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import { listAgents } from "./queries/agents.ts";
import { openBlobs } from "./store/blobs.ts";
import { type Database, patientReads, type Queryable, withReconnect } from "./store/database.ts";
import { appendEvents, type NewEvent, numberEvents } from "./store/events.ts";
import { setHalt } from "./store/halt.ts";
import { readToolPin, writeToolPin } from "./store/mcp-pins.ts";
import { prepareJournal } from "./store/journal.ts";
import { claimRuns } from "./store/load-run.ts";
import { together } from "./together.ts";
import { toolsFor } from "./tools/registry.ts";
import type { Tool } from "./tools/tool.ts";
import type { CapsSource } from "./workspace/watch-caps.ts";
import type { SecretStore } from "./vault/open-vault.ts";
import { resolveSecrets } from "./vault/vault.ts";
import { createSecretGuard, learnSetting, type SecretGuard } from "./vault/secret-guard.ts";

/** Runs at work at once in one process. */
export const DEFAULT_CONCURRENCY = 1_000;

/** Connections that a burst of runs uses: one for starts, one for the journal. */
const PREPARED_CONNECTIONS = 2;
/** Most runs that share one look at their folder's context files. */
const MAX_SHARED_LOADS = 256;
/** Agents whose own servers are shown. */
const MAX_LISTED_AGENTS = 200;

export interface EngineOptions {
  database: Database;
  /** Absolute, real path of the workspace's folder. */
  workspace: string;
  /** Bureau's own folder in it: blobs. */
  stateFolder: string;
  models: Models;
  sandbox: Sandbox;
  tools: readonly Tool[];
  /** What the entries of `mcp.json` are filled in from; programs of servers are given a little of it. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** The rules of `bureau.yaml`. */
  rules?: readonly PolicyRule[];
  /** Secrets that settings refer to; none where absent. */
  vault?: SecretStore;
  /** Hides secrets in all that is kept and shown. */
  guard?: SecretGuard;
  clock?: Clock;
  concurrency?: number;
  limits?: Partial<RunLimits>;
  /** Caps of agents, the workspace and the day. */
  caps?: CapsSource;
  /** Everything was stopped while no process was up: nothing begins until it is resumed. */
  halted?: Halt | null;
  approvals?: Partial<ApprovalTimes>;
  /** How notifications reach phones; without it there are none. */
  push?: PushOptions;
  log: (level: "warn" | "error", message: string) => void;
}

export interface Engine extends EngineApi {
  /** The parts that commands stand on, for what runs beside the API: watching goal files, retention. */
  readonly commands: CommandParts;
  /** Takes up a goal file that was written, changed or removed by hand. */
  syncGoalFile(path: string): Promise<GoalFileReport>;
  /** Those of `paths` that are not as they were last read, and the files of unfinished goals that are gone. */
  changedGoalFiles(paths: readonly string[]): Promise<string[]>;
  /** Removes what nobody looks at any more, a bounded amount at a time. */
  prune(): Promise<PruneReport>;
  /** Keeps, in the thread it came up in, that a rehearsal was asked for something else than was recorded. */
  reportDrift(drift: Drift): Promise<void>;
  /** Calls back with the folder of each agent that is taken up from now on. */
  onAgentAdded(listener: (folder: string) => void): () => void;
  /** Stops taking runs up and leaves those at work to be gone on with at the next start. */
  stop(): Promise<void>;
}

/**
 * The engine on a migrated database. Work that an earlier process left goes on by itself, with no client.
 *
 * One a process. Any number of processes may share a database.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { database, workspace, log } = options;
  const clock = options.clock ?? systemClock;
  const signals = new Signals();
  const late: Late = { dispatcher: null, executor: null, push: null };
  const live = new Live({
    database,
    clock,
    onRunSignal: (runId) => signals.interrupt(runId),
    onReconnect: () => {
      late.dispatcher?.kick();
      late.executor?.afterOutage();
    },
    onPushSignal: () => late.push?.changed(),
  });
  const [executor] = await Promise.all([Executor.join({ database, clock, log }), live.start()]);
  late.executor = executor;
  if (options.halted) await takeHalt(database, options.halted);
  const dispatcher = lateDispatcher(late);
  const agentListeners = new Set<(folder: string) => void>();
  const guard = options.guard ?? createSecretGuard();
  const reads = patientReads(database, { clock, signal: signals.stopped });
  const connectors = connectorsOf(options, reads, clock, guard);
  const commands: CommandParts = {
    database: tellingDatabase(database, () => live.committed()),
    clock,
    workspace: { folder: workspace },
    dispatcher,
    signals,
    toolNamed: (name, agent) => toolNamed(options.tools, connectors, name, agent),
    onEvents: (events) => tellAgents(events, agentListeners),
  };
  const expiry = new Expiry({ clock, expire: (now) => expireEntries(commands, now), log });
  const woven = { clock, reads, signals, live, dispatcher, executor, commands, expiry, connectors };
  const parts = guardParts(loopParts(options, woven), guard);
  late.dispatcher = await startDispatcher({
    databaseUrl: database.url,
    clock,
    executorId: executor.id,
    concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    drive: (runId, dispatch) => keepDriving(parts, guard, runId, dispatch),
    log,
  });
  const push = (late.push = pushOf(options, commands, live));
  const stop = async () => {
    signals.stop();
    await Promise.all([expiry.stop(), push.stop()]);
    await late.dispatcher!.stop();
    await parts.writer.drain();
    await live.stop();
    await executor.leave();
    await Promise.all([connectors.close(), options.sandbox.close()]);
  };
  const started = { commands, parts, executor, live, dispatcher: late.dispatcher };
  await finishStart(options, started).catch((error: unknown) => stop().finally(() => Promise.reject(error)));
  expiry.start();
  push.start();
  return {
    ...engineApi({
      commands,
      live,
      models: options.models,
      sandbox: options.sandbox,
      vault: options.vault ?? null,
      connectors,
      push: push.api,
      parts,
      tools: options.tools,
      policy: options.rules ?? [],
      isStopping: () => signals.stopping,
    }),
    commands,
    syncGoalFile: (path) => syncGoalFile(commands, path),
    changedGoalFiles: (paths) => changedGoalFiles(commands, paths),
    prune: () => prune({ database, clock, blobs: parts.blobs }),
    reportDrift: (drift) => reportDrift(commands, drift),
    onAgentAdded: (listener) => listenIn(agentListeners, listener),
    stop,
  };
}

function listenIn<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Parts that others, made before them, tell of something later. */
interface Late {
  dispatcher: RunDispatcher | null;
  executor: Executor | null;
  push: Push | null;
}

function pushOf({ push = NO_PUSH, log }: EngineOptions, commands: CommandParts, live: Live): Push {
  return createPush(push, { commands, onEvents: (listener) => live.onEvents(listener), log });
}

interface Started {
  commands: CommandParts;
  parts: LoopParts;
  executor: Executor;
  live: Live;
  dispatcher: RunDispatcher;
}

/** The rest of a start. Runs are at work already, so a database that dies now is waited for: all of it may be done twice. */
async function finishStart(options: EngineOptions, { commands, parts, ...swept }: Started): Promise<void> {
  const { clock } = parts;
  await withReconnect(() => discoverAgents(commands), { clock });
  await withReconnect(() => clearUnfinishedGoalFiles(commands), { clock });
  sweep(options, swept);
  const preparing = withReconnect(() => prepareStatements(parts, commands), { clock });
  await Promise.all([options.models.prepare?.(), preparing]);
}

/** A built-in tool, or one of a server that the agent is connected to. */
async function toolNamed(
  builtIn: readonly Tool[],
  connectors: Connectors,
  name: string,
  agent: { folder: string },
): Promise<Tool | null> {
  const isNamed = (tool: Tool) => tool.name === name;
  return builtIn.find(isNamed) ?? (await connectors.toolsFor(agent)).tools.find(isNamed) ?? null;
}

/** The dispatcher for parts that are made before it. */
function lateDispatcher(late: { dispatcher: RunDispatcher | null }): Dispatcher {
  return {
    enqueue: (transaction, ...runs) => late.dispatcher!.enqueue(transaction, ...runs),
    kick: () => late.dispatcher?.kick(),
  };
}

/** Everything was stopped while no process was up. */
async function takeHalt(database: Database, halted: Halt): Promise<void> {
  await database.transaction(async (transaction) => {
    if (await setHalt(transaction, halted)) {
      await appendEvents(transaction, [{ type: "everything.stopped", data: { halted } }]);
    }
  });
}

function tellAgents(events: readonly NewEvent[], listeners: ReadonlySet<(folder: string) => void>): void {
  for (const { type, data } of events) {
    const agent = data["agent"] as { folder?: string } | undefined;
    if (type === "agent.created" && agent?.folder) for (const listener of listeners) listener(agent.folder);
  }
}

/** What the first run would otherwise wait for: each connection plans each statement once, which takes it a while. */
async function prepareStatements(parts: LoopParts, commands: CommandParts): Promise<void> {
  const { blobs, executorId, models } = parts;
  const { database } = commands;
  const prepare = async () => {
    await prepareJournal(database);
    await claimRuns(database, blobs, [], { executorId, rehearsal: models.rehearsal });
    await prepareStarts(commands);
  };
  await Promise.all(Array.from({ length: PREPARED_CONNECTIONS }, prepare));
}

/** The database, with a word to whoever watches after each transaction. */
function tellingDatabase(database: Database, committed: () => void): Database {
  return {
    ...database,
    transaction: async (work) => {
      const result = await database.transaction(work);
      committed();
      return result;
    },
  };
}

interface Woven {
  clock: Clock;
  reads: Queryable;
  signals: Signals;
  live: Live;
  dispatcher: Dispatcher;
  executor: Executor;
  commands: CommandParts;
  expiry: Expiry;
  connectors: Connectors;
}

function connectorsOf(options: EngineOptions, reads: Queryable, clock: Clock, guard: SecretGuard): Connectors {
  const { database, workspace, tools, environment = {}, vault } = options;
  return createConnectors({
    workspace,
    clock,
    values: {
      environment,
      onValue: (name, value) => learnSetting(guard, name, value),
      ...(vault ? { resolveSecret: (text: string) => resolveSecrets(text, vault) } : {}),
    },
    pins: {
      read: (server) => readToolPin(reads, server),
      // Written twice it is the same.
      write: (server, pin) => writeToolPin(reads, server, pin),
    },
    taken: new Set(tools.map((tool) => tool.name)),
    agents: async () => (await listAgents(database, { limit: MAX_LISTED_AGENTS })).agents,
  });
}

function loopParts(options: EngineOptions, woven: Woven): LoopParts {
  const { database, workspace, models, sandbox, log } = options;
  const { clock, reads, signals, live, dispatcher, executor, commands, expiry, connectors } = woven;
  const cache = createContextCache();
  const inGoal = toolsFor(options.tools, { goal: true });
  const outside = toolsFor(options.tools, { goal: false });
  return {
    reads,
    workspace,
    secretIn: () => null,
    database: tellingDatabase(database, () => live.committed()),
    writer: new JournalWriter({ database, clock, signal: signals.stopped, onCommitted: () => live.committed() }),
    blobs: openBlobs({ folder: join(options.stateFolder, "blobs"), clock }),
    clock,
    random: systemRandom,
    live,
    signals,
    dispatcher,
    continueGoal: (transaction, run) => continueGoal(commands, transaction, run.goalId!),
    executorId: executor.id,
    models,
    sandbox,
    limits: { ...DEFAULT_RUN_LIMITS, ...options.limits },
    policy: policyReader(reads, clock, options.rules ?? []),
    ...(options.caps ? { caps: options.caps } : {}),
    watch: new SpendWatch({
      reads,
      clock,
      hold: (held, title) => holdSpending(commands, held, title),
      log,
    }),
    approvals: approvalTimes(options.approvals),
    onDue: (at) => expiry.due(at),
    tools: ({ goal }) => (goal ? inGoal : outside),
    connectedTools: (agent) => connectors.toolsFor(agent),
    loadContext: (folder) => loadTogether(cache, { workspace, folder }),
    folderDigest,
    runChecks,
    log,
  };
}

/** Runs that begin at once in one folder look at its files once. */
const loadTogether = together(MAX_SHARED_LOADS, async (cache: ContextCache, wanted: ContextPaths[]) => {
  const loads = new Map<string, Promise<LoadedContext>>();
  return wanted.map((paths) => {
    const load = loads.get(paths.folder) ?? loadContext(paths, cache);
    loads.set(paths.folder, load);
    return load;
  });
});

/** Looks again and again which processes live, and takes over from those that died. */
function sweep(
  { database, caps, log }: EngineOptions,
  { executor, live, dispatcher }: { executor: Executor; live: Live; dispatcher: RunDispatcher },
): void {
  executor.sweep(async ({ alive, dead }) => {
    live.others = alive.length > 0;
    await caps?.reload();
    await numberEvents(database);
    await adopt(database, dispatcher, dead, log);
  });
}

/** Takes over what dead processes had at work, and hands over runs that no dispatch would start. */
async function adopt(
  database: Database,
  dispatcher: RunDispatcher,
  dead: string[],
  log: EngineOptions["log"],
): Promise<void> {
  for (const id of dead) {
    const count = await dispatcher.takeOver(id);
    if (count > 0) log("warn", `Took over ${count} runs of ${id}, whose process ended.`);
  }
  await forgetExecutors(database, dead);
  await dispatcher.redispatch(database);
}
