import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { AppError } from "@bureau/protocol";
import { BROKER_PROTOCOL, lineReader, type BrokerMessage, type ClientMessage } from "./broker-protocol.ts";
import type { CommandResult } from "./sandbox.ts";

/** How a command ended, or why it has no result. */
export type Outcome =
  | { type: "result"; result: CommandResult }
  | { type: "refused"; reason: "lost" | "failed"; message: string };

export interface Watch {
  signal: AbortSignal;
  onOutput?: (text: string) => void;
}

/** An open line to a broker. It keeps no process alive while nothing is waited for. */
export interface Connection {
  socket: Socket;
  brokerPid: number;
  waiters: Map<string, Waiter[]>;
}

interface Waiter {
  onOutput: ((text: string) => void) | undefined;
  settle(outcome: Outcome | "disconnected"): void;
}

const HELLO_TIMEOUT_MS = 3000;
const START_TIMEOUT_MS = 10_000;
const MAX_CONNECT_ATTEMPTS = 3;
/** The broker kills within a second; a broker that does not answer is not waited for. */
const CANCEL_TIMEOUT_MS = 5000;
/** A path of a unix socket is at most 104 bytes on macOS and 108 on Linux. */
const MAX_SOCKET_PATH_BYTES = 100;
const BROKER_MAIN = fileURLToPath(new URL("./broker-main.ts", import.meta.url));

/** Connects to the broker, and starts one when none answers. */
export async function openConnection(socketPath: string, stateFolder: string): Promise<Connection> {
  let failure: unknown;
  for (let attempt = 1; attempt <= MAX_CONNECT_ATTEMPTS; attempt += 1) {
    try {
      return await tryConnection(socketPath);
    } catch {
      failure = await startBroker(socketPath, stateFolder).then(
        () => null,
        (error: unknown) => error,
      );
    }
  }
  if (failure === null) return tryConnection(socketPath);
  throw new AppError("unavailable", "The process that runs commands could not be started.", {
    hint: `Check that ${stateFolder} can be written and that the machine has memory left.`,
    cause: failure,
  });
}

/** Connects to a broker that is there, and believes it once it has named its protocol. */
export function tryConnection(socketPath: string): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const connection: Connection = { socket, brokerPid: 0, waiters: new Map() };
    const timer = setTimeout(() => socket.destroy(new Error("The broker does not answer.")), HELLO_TIMEOUT_MS);
    const receive = lineReader(
      (line) => {
        const message = JSON.parse(line) as BrokerMessage;
        if (message.type !== "hello") return deliver(connection, message);
        clearTimeout(timer);
        if (message.protocol !== BROKER_PROTOCOL) return socket.destroy(new Error("The broker has another version."));
        connection.brokerPid = message.pid;
        socket.unref();
        resolve(connection);
      },
      () => socket.destroy(),
    );
    socket.on("data", receive);
    socket.on("error", reject);
    socket.once("close", () => {
      clearTimeout(timer);
      reject(new Error("The broker closed the connection."));
      for (const waiters of connection.waiters.values())
        for (const waiter of waiters.slice()) waiter.settle("disconnected");
    });
  });
}

function deliver(connection: Connection, message: Exclude<BrokerMessage, { type: "hello" }>): void {
  for (const waiter of (connection.waiters.get(message.id) ?? []).slice()) {
    if (message.type === "output") waiter.onOutput?.(message.text);
    else if (message.type === "result") waiter.settle({ type: "result", result: message.result });
    else waiter.settle({ type: "refused", reason: message.reason, message: message.message });
  }
}

/** Starts a broker in a session of its own, and waits until it or another one answers. */
function startBroker(socketPath: string, stateFolder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const flags = ["--max-old-space-size=128", "--max-semi-space-size=1", "--disable-warning=ExperimentalWarning"];
    const child = spawn(process.execPath, [...flags, BROKER_MAIN, socketPath, stateFolder], {
      cwd: "/",
      detached: true,
      env: { PATH: "/usr/bin:/bin", NODE_COMPILE_CACHE: `${stateFolder}/compiled` },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const timer = setTimeout(() => reject(new Error("It did not answer in time.")), START_TIMEOUT_MS);
    const done = () => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.unref();
      resolve();
    };
    child.once("error", reject);
    child.stdout.once("data", done);
    child.once("exit", done);
  });
}

/** A short path in a folder of this user alone: beside the state where it fits, else in the system's folder. */
export function brokerSocketPath(stateFolder: string): string {
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const near = `${stateFolder}/broker-${BROKER_PROTOCOL}.sock`;
  if (Buffer.byteLength(near) <= MAX_SOCKET_PATH_BYTES) {
    chmodSync(stateFolder, 0o700);
    return near;
  }
  const user = process.getuid?.() ?? 0;
  const folder = `/tmp/bureau-${user}-${createHash("sha256").update(stateFolder).digest("hex").slice(0, 16)}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = lstatSync(folder);
  if (!stat.isDirectory() || stat.uid !== user || (stat.mode & 0o077) !== 0) {
    throw new AppError("unavailable", `${folder} belongs to someone else or can be entered by others.`, {
      hint: `Remove it, or choose a shorter data folder than ${stateFolder}.`,
    });
  }
  return `${folder}/broker-${BROKER_PROTOCOL}.sock`;
}

/** Sends one request and waits for its end. An aborted command is waited for, so that nothing of it is left running. */
export function exchange(
  connection: Connection,
  message: ClientMessage,
  watch: Watch,
): Promise<Outcome | "disconnected"> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const waiters = connection.waiters.get(message.id) ?? [];
    connection.waiters.set(message.id, waiters);
    const done = () => {
      clearTimeout(timer);
      watch.signal.removeEventListener("abort", cancel);
      waiters.splice(waiters.indexOf(waiter), 1);
      if (waiters.length === 0) connection.waiters.delete(message.id);
    };
    const waiter: Waiter = {
      onOutput: watch.onOutput,
      settle(outcome) {
        done();
        if (watch.signal.aborted) reject(watch.signal.reason as Error);
        else resolve(outcome);
      },
    };
    const cancel = () => {
      send(connection.socket, { type: "cancel", id: message.id });
      timer = setTimeout(() => {
        done();
        reject(watch.signal.reason as Error);
      }, CANCEL_TIMEOUT_MS);
    };
    waiters.push(waiter);
    if (connection.socket.destroyed) return waiter.settle("disconnected");
    send(connection.socket, message);
    if (watch.signal.aborted) cancel();
    else watch.signal.addEventListener("abort", cancel, { once: true });
  });
}

function send(socket: Socket, message: ClientMessage): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}
