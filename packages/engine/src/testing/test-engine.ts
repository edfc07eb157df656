import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@bureau/protocol";
import { systemClock } from "../clock.ts";
import type { CommandParts } from "../commands/parts.ts";
import type { Connectors } from "../connectors/connector.ts";
import { createConnectors } from "../connectors/create-connectors.ts";
import { createContextCache, loadContext } from "../context/load-context.ts";
import type { PolicyRule } from "../domain/policy.ts";
import { folderDigest } from "../context/folder-digest.ts";
import { runChecks } from "../goals/run-checks.ts";
import { driveRun } from "../loop/drive-run.ts";
import { policyReader } from "../loop/policy-view.ts";
import { JournalWriter } from "../loop/journal-writer.ts";
import { approvalTimes, DEFAULT_RUN_LIMITS, type LoopParts } from "../loop/parts.ts";
import { Signals } from "../loop/signals.ts";
import { createModels, type OpenModels } from "../models/models.ts";
import { createSandbox } from "../sandbox/create-sandbox.ts";
import { patientReads } from "../store/database.ts";
import { openBlobs } from "../store/blobs.ts";
import { readToolPin, writeToolPin } from "../store/mcp-pins.ts";
import { builtInTools, toolsFor } from "../tools/registry.ts";
import type { Tool } from "../tools/tool.ts";
import { type ModelScript, type ModelServer, startModelServer } from "./model-server.ts";
import { testDatabase, type TestDatabase } from "./test-database.ts";

const MAX_ROUNDS = 1_000;

export interface TestEngineOptions {
  script: ModelScript;
  /** In place of the built-in tools. */
  tools?: readonly Tool[];
  /** Rules of the settings; without any, all that no other rule forbids is allowed. */
  rules?: readonly PolicyRule[];
  parts?: Partial<LoopParts>;
}

const ALLOW_ALL: PolicyRule = {
  id: "rule_test",
  verdict: "allow",
  tool: "*",
  target: null,
  agent: null,
  goalId: null,
  runId: null,
  afterOutside: true,
  origin: "approval",
  text: "Tests may do anything.",
};

export interface TestEngine {
  database: TestDatabase;
  /** The workspace's folder; the agent `writer` works in `agents/writer`. */
  workspace: string;
  folder: string;
  agentId: string;
  model: ModelServer;
  parts: LoopParts;
  commands: CommandParts;
  /** Drives every run that can go on, one after another, until all wait or are over. */
  runUntilIdle(): Promise<void>;
  /** The same rows as seen by a process that starts now: nothing in memory is carried over. */
  restarted(changes?: Partial<LoopParts>): LoopParts;
  close(): Promise<void>;
}

/** The engine without its dispatcher: a real database, a real model server, real tools; runs are driven by the test. */
export async function testEngine(options: TestEngineOptions): Promise<TestEngine> {
  const database = await testDatabase();
  const workspace = await realpath(await mkdtemp(join(tmpdir(), "bureau-test-")));
  const folder = join(workspace, "agents", "writer");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "AGENTS.md"), "You write reports.\n");
  const model = await startModelServer({ script: options.script });
  const agentId = newId("agent");
  await database.query("INSERT INTO agents (id, name, folder, status) VALUES ($1, 'writer', $2, 'enabled')", [
    agentId,
    folder,
  ]);
  const models = createModels({
    default: "test/scripted",
    providers: { test: { kind: "openai-compatible", baseUrl: model.openaiUrl, apiKey: "none" } },
  });
  const connections: Connectors[] = [];
  const parts = loopParts({ database, workspace, models, options, connections });
  const commands: CommandParts = {
    database,
    clock: parts.clock,
    workspace: { folder: workspace },
    dispatcher: parts.dispatcher,
    signals: parts.signals,
    toolNamed: async (name, agent) =>
      [...(options.tools ?? builtInTools()), ...(await connections[0]!.toolsFor(agent)).tools].find(
        (tool) => tool.name === name,
      ) ?? null,
  };
  return {
    database,
    workspace,
    folder,
    agentId,
    model,
    parts,
    commands,
    runUntilIdle: () => runUntilIdle(parts),
    restarted: (changes) => ({ ...loopParts({ database, workspace, models, options, connections }), ...changes }),
    close: async () => {
      await Promise.all(connections.map((connectors) => connectors.close()));
      await parts.sandbox.close();
      models.close();
      await model.close();
      await database.drop();
      await rm(workspace, { recursive: true, force: true });
    },
  };
}

function loopParts(input: {
  database: TestDatabase;
  workspace: string;
  models: OpenModels;
  options: TestEngineOptions;
  /** Those that were opened, to be closed at the end. */
  connections: Connectors[];
}): LoopParts {
  const { database, workspace, options } = input;
  const tools = options.tools ?? builtInTools();
  const inGoal = toolsFor(tools, { goal: true });
  const outside = toolsFor(tools, { goal: false });
  const cache = createContextCache();
  const connectors = createConnectors({
    workspace,
    clock: systemClock,
    values: { environment: {} },
    pins: {
      read: (server) => readToolPin(database, server),
      write: (server, pin) => writeToolPin(database, server, pin),
    },
    taken: new Set(tools.map((tool) => tool.name)),
    agents: async () => [{ name: "writer", folder: join(workspace, "agents", "writer") }],
  });
  input.connections.push(connectors);
  const signals = new Signals();
  const reads = patientReads(database, { clock: systemClock, signal: signals.stopped });
  return {
    reads,
    workspace,
    secretIn: () => null,
    database,
    writer: new JournalWriter({ database, clock: systemClock }),
    blobs: openBlobs({ folder: join(workspace, ".bureau", "blobs") }),
    clock: systemClock,
    random: () => 0.5,
    live: { committed: () => undefined, emitDelta: () => undefined, hasDeltaListeners: false },
    signals,
    dispatcher: { enqueue: async () => undefined, kick: () => undefined },
    continueGoal: async () => undefined,
    executorId: "test",
    models: input.models,
    sandbox: createSandbox({ stateFolder: join(workspace, ".bureau", "commands"), clock: systemClock }),
    limits: DEFAULT_RUN_LIMITS,
    policy: policyReader(reads, systemClock, options.rules ?? [ALLOW_ALL]),
    approvals: approvalTimes(),
    onDue: () => undefined,
    tools: ({ goal }) => (goal ? inGoal : outside),
    connectedTools: (agent) => connectors.toolsFor(agent),
    loadContext: (folder) => loadContext({ workspace, folder }, cache),
    folderDigest,
    runChecks,
    log: (level, message) => {
      throw new Error(`${level}: ${message}`);
    },
    ...options.parts,
  };
}

/** Takes up runs as the dispatcher would: those that are queued, and those whose time has come. */
export async function runUntilIdle(parts: LoopParts): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { rows } = await parts.reads.query(
      `SELECT id, dispatch FROM runs WHERE status IN ('queued', 'running')
         OR (status = 'waiting' AND wait_reason = 'timer' AND wait_until <= now())
       ORDER BY priority, created_at LIMIT 1`,
    );
    const run = rows[0];
    if (!run) return;
    await driveRun(parts, run.id, run.dispatch);
  }
  throw new Error(`Runs were still at work after ${MAX_ROUNDS} rounds.`);
}
