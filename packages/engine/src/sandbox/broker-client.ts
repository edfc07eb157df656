import { readFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import type { Clock } from "../clock.ts";
import {
  brokerSocketPath,
  exchange,
  openConnection,
  tryConnection,
  type Connection,
  type Outcome,
  type Watch,
} from "./broker-connection.ts";
import { jobFolder, type ClientMessage, type CommandPlan, type JobRecord } from "./broker-protocol.ts";
import { processStart } from "./process-tree.ts";
import type { CommandResult } from "./sandbox.ts";

/** Starts commands through the broker, starting the broker itself when none answers. */
export interface BrokerClient {
  start(id: string, plan: CommandPlan, watch: Watch): Promise<Outcome>;
  /** Waits for a command that was started before; null when it left nothing and runs nowhere. */
  find(id: string, watch: Watch): Promise<CommandResult | null>;
  forget(id: string): Promise<void>;
  close(): void;
}

export interface BrokerClientOptions {
  stateFolder: string;
  clock: Clock;
}

/** Without commands the connection is closed, so that the broker can end too. */
const IDLE_DISCONNECT_MS = 20_000;
const POLL_MS = 100;
const MAX_START_ATTEMPTS = 2;

export function createBrokerClient(options: BrokerClientOptions): BrokerClient {
  const { stateFolder } = options;
  const socketPath = brokerSocketPath(stateFolder);
  let current: Promise<Connection> | null = null;
  let idle: NodeJS.Timeout | undefined;

  /** Keeps a connection for as long as it stands. */
  const keep = (opening: Promise<Connection>): Promise<Connection> => {
    current = opening;
    const drop = () => {
      if (current === opening) current = null;
    };
    opening.then((connection) => {
      if (connection.socket.destroyed) drop();
      else connection.socket.once("close", drop);
    }, drop);
    return opening;
  };

  const ask = async (
    connection: Connection,
    message: ClientMessage,
    watch: Watch,
  ): Promise<Outcome | "disconnected"> => {
    clearTimeout(idle);
    connection.socket.ref();
    try {
      return await exchange(connection, message, watch);
    } finally {
      if (connection.waiters.size === 0) {
        connection.socket.unref();
        idle = setTimeout(() => connection.socket.destroy(), IDLE_DISCONNECT_MS).unref();
      }
    }
  };

  return {
    async start(id, plan, watch) {
      watch.signal.throwIfAborted();
      for (let attempt = 1; attempt <= MAX_START_ATTEMPTS; attempt += 1) {
        const connection = await (current ?? keep(openConnection(socketPath, stateFolder)));
        // Asking twice is safe: the id starts one command, whoever is asked.
        const outcome = await ask(connection, { type: "start", id, plan }, watch);
        if (outcome === "disconnected") continue;
        if (outcome.type === "result" || outcome.reason === "failed") return outcome;
        const result = await waitForFile(options, id, watch.signal, connection.brokerPid);
        return result === null ? outcome : { type: "result", result };
      }
      return { type: "refused", reason: "lost", message: "The process that ran it ended." };
    },
    async find(id, watch) {
      watch.signal.throwIfAborted();
      const left = await readResult(stateFolder, id);
      if (left !== null) return left;
      const record = readRecord(stateFolder, id);
      if (record === null) return readResult(stateFolder, id);
      const connection = await (current ?? keep(tryConnection(socketPath))).catch(() => null);
      if (connection?.brokerPid !== record.brokerPid) return waitForFile(options, id, watch.signal, null);
      const outcome = await ask(connection, { type: "attach", id }, watch);
      if (outcome !== "disconnected" && outcome.type === "result") return outcome.result;
      return waitForFile(options, id, watch.signal, outcome === "disconnected" ? null : connection.brokerPid);
    },
    async forget(id) {
      await rm(jobFolder(stateFolder, id), { recursive: true, force: true });
    },
    close() {
      clearTimeout(idle);
      void current?.then(
        (connection) => connection.socket.destroy(),
        () => {},
      );
    },
  };
}

/**
 * Of a command whose broker cannot be asked: its result, once that broker has written it or is gone. A broker that
 * has said that it does not run the command is not waited for.
 */
async function waitForFile(
  { stateFolder, clock }: BrokerClientOptions,
  id: string,
  signal: AbortSignal,
  askedBroker: number | null,
): Promise<CommandResult | null> {
  for (;;) {
    const record = readRecord(stateFolder, id);
    const alive =
      record !== null && record.brokerPid !== askedBroker && processStart(record.brokerPid) === record.brokerStart;
    const result = await readResult(stateFolder, id);
    if (result !== null || !alive) return result;
    await clock.sleep(POLL_MS, signal);
  }
}

async function readResult(stateFolder: string, id: string): Promise<CommandResult | null> {
  const text = await readFile(`${jobFolder(stateFolder, id)}/result.json`, "utf8").catch(() => null);
  return text === null ? null : parseOrNull<CommandResult>(text);
}

function readRecord(stateFolder: string, id: string): JobRecord | null {
  try {
    return parseOrNull<JobRecord>(readFileSync(`${jobFolder(stateFolder, id)}/request.json`, "utf8"));
  } catch {
    return null; // It was never started, or is forgotten.
  }
}

/** A power cut can leave a file without its content; that is the same as no file. */
function parseOrNull<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
