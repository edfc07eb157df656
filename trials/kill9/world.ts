import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { type Database, openDatabase } from "@bureau/engine";
import { below, type Found, isAlive, processesOf } from "./processes.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const BUREAU = join(ROOT, "packages/cli/bin/bureau.mjs");
const MODEL = join(ROOT, "packages/engine/src/testing/model-server-main.ts");
const SCRIPT = new URL("./model-script.ts", import.meta.url).pathname;
const START_MS = 60_000;
const STOP_MS = 30_000;
const BROKER_IDLE_MS = 90_000;
const POLL_MS = 10;

export interface Server {
  pid: number;
  /** Resolves when it says that it is ready. */
  ready: Promise<{ url: string; token: string }>;
  child: ChildProcess;
  /** Why it ended by itself, with its last words. Null while it runs, and when it was killed. */
  failure(): string | null;
}

/** Everything that a trial stands on, in a folder of its own. */
export interface World {
  folder: string;
  /** The agent's folder. */
  work: string;
  startServer(): Server;
  /** Process of the database's server, if there is one. */
  databasePid(): Promise<number | null>;
  /** Processes that run commands, and the commands. */
  brokerPids(): number[];
  /** A connection past Bureau. Null while the database does not answer. */
  connect(): Promise<Database | null>;
  /** Stops the server in order and says what is left of all processes. */
  finish(server: Server, options: { waitForBroker: boolean }): Promise<string[]>;
  remove(): Promise<void>;
}

export async function createWorld(): Promise<World> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "bureau-kill9-")));
  // As root the database runs as another user, who has to pass through.
  await chmod(folder, 0o755);
  const [workspace, data] = [join(folder, "workspace"), join(folder, "data")];
  const work = join(workspace, "agents", "worker");
  await mkdir(work, { recursive: true });
  await writeFile(join(work, "AGENTS.md"), "You write files.\n");
  const model = await startModel();
  const environment = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    BUREAU_DATA: data,
    BUREAU_MODEL: "openai/scripted",
    OPENAI_API_KEY: "none",
    OPENAI_BASE_URL: model.url,
  };
  const databasePid = async () => (await postmaster(data))?.pid ?? null;
  return {
    folder,
    work,
    startServer: () => startServer(workspace, environment),
    databasePid,
    brokerPids: () => processesOf(folder).flatMap(({ pid, command }) => (command.includes("broker-main") ? [pid] : [])),
    connect: () => connect(data),
    finish: (server, options) => finish(folder, server, options.waitForBroker),
    remove: async () => {
      for (const { pid } of processesOf(folder)) kill(pid);
      model.child.stdin?.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Ends a process of the trial at once; one that is gone already is no error. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function startModel() {
  const child = spawn(process.execPath, [MODEL, SCRIPT], { stdio: ["pipe", "pipe", "inherit"] });
  const line = await firstLine(child);
  return { child, url: String((JSON.parse(line) as { openaiUrl: string }).openaiUrl) };
}

function startServer(workspace: string, environment: NodeJS.ProcessEnv): Server {
  const child = spawn(process.execPath, [BUREAU, "up", "--workspace", workspace, "--port", "0", "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own, which can be ended whole.
    detached: true,
    env: environment,
  });
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => (errors = `${errors}${chunk.toString()}`.slice(-4_000)));
  const ready = Promise.race([
    firstLine(child).then((line) => JSON.parse(line) as { url: string; token: string }),
    sleep(START_MS, undefined, { ref: false }).then(() =>
      Promise.reject(new Error("The server was not ready in time.")),
    ),
  ]).catch((error: unknown) => Promise.reject(new Error(`${String(error)}\n${errors}`)));
  // Most servers are killed before they are ready, which is no error then.
  ready.catch(() => undefined);
  const failure = () => (child.exitCode === null ? null : `The server ended with code ${child.exitCode}. ${errors}`);
  return { pid: child.pid ?? 0, ready, child, failure };
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout! });
  for await (const line of lines) {
    child.stdout?.resume();
    return line;
  }
  throw new Error("The process ended before it said that it is ready.");
}

async function postmaster(data: string): Promise<{ pid: number; port: string; socket: string } | null> {
  const text = await readFile(join(data, "cluster", "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n").map((line) => line.trim());
  if (lines.length < 8 || !lines[7]?.startsWith("ready")) return null;
  return { pid: Number(lines[0]), port: lines[3] ?? "", socket: lines[4] ?? "" };
}

async function connect(data: string): Promise<Database | null> {
  const file = await postmaster(data);
  if (!file || !isAlive(file.pid)) return null;
  const url = `postgresql://bureau@localhost:${file.port}/bureau?host=${encodeURIComponent(file.socket)}`;
  return openDatabase({ url, maxConnections: 1 }).catch(() => null);
}

async function finish(folder: string, server: Server, waitForBroker: boolean): Promise<string[]> {
  const ended = once(server.child, "exit");
  process.kill(server.pid, "SIGTERM");
  await Promise.race([ended, sleep(STOP_MS, undefined, { ref: false })]);
  const deadline = performance.now() + (waitForBroker ? BROKER_IDLE_MS : STOP_MS);
  let left = remaining(folder, waitForBroker);
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(POLL_MS * 10);
    left = remaining(folder, waitForBroker);
  }
  return left.map(({ pid, command }) => `${pid} ${command.slice(0, 120)}`);
}

/** The broker stays for a while after its last command, with sandboxes prepared for the next. */
function remaining(folder: string, withBroker: boolean): Found[] {
  const found = processesOf(folder);
  const idle = withBroker ? new Set<number>() : below(found, "broker-main");
  return found.filter(({ pid }) => !idle.has(pid));
}
