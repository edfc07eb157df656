import { mkdirSync, readdirSync, rmSync, statSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { systemClock } from "../clock.ts";
import { createJobs, type Jobs } from "./broker-jobs.ts";
import { BROKER_PROTOCOL, lineReader, type BrokerMessage, type ClientMessage } from "./broker-protocol.ts";
import type { Listener } from "./command-job.ts";

/**
 * The broker: a small process that starts commands for a server and outlives it.
 *
 * Started detached as `node broker-main.ts <socket> <state folder> [idle milliseconds]`. It ends by itself when it has had neither a
 * command nor a connection for a minute. It reads no environment and imports nothing but Node and its neighbours.
 */
const IDLE_EXIT_MS = 60_000;
const RETENTION_MS = 7 * 24 * 3_600_000;
const SWEEP_INTERVAL_MS = 3_600_000;
const MAX_SWEPT_AT_ONCE = 10_000;
const PROBE_TIMEOUT_MS = 1000;
/** Live output is dropped for a reader that is this far behind; the result is never dropped. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

const [socketPath, stateFolder, idleText = String(IDLE_EXIT_MS)] = process.argv.slice(2);
if (socketPath === undefined || stateFolder === undefined) {
  process.stderr.write("usage: broker-main.ts <socket> <state folder> [idle milliseconds]\n");
  process.exit(2);
}
process.on("SIGHUP", () => {}); // The terminal of the server that started it may close.
process.stdout.on("error", () => {}); // Nobody waits for "ready" any more.
mkdirSync(`${stateFolder}/jobs`, { recursive: true, mode: 0o700 });
serve(socketPath, stateFolder, Number(idleText));

function serve(path: string, folder: string, idleMs: number): void {
  const sockets = new Set<Socket>();
  let idle: NodeJS.Timeout | undefined;
  const jobs = createJobs(folder, systemClock.now, () => armIdle());
  const server = createServer((socket) => {
    sockets.add(socket);
    serveClient(socket, jobs);
    socket.once("close", () => {
      sockets.delete(socket);
      armIdle();
    });
  });
  const stop = () => {
    jobs.close();
    server.close();
    process.exit(0);
  };
  const armIdle = () => {
    clearTimeout(idle);
    idle = setTimeout(() => {
      if (jobs.running() === 0 && sockets.size === 0) stop();
    }, idleMs);
  };
  sweep(folder);
  setInterval(() => sweep(folder), SWEEP_INTERVAL_MS).unref();
  listen(server, path, () => {
    process.stdout.write("ready\n");
    armIdle();
  });
}

/** Listens, taking the place of a broker that is gone; ends quietly when another one answers. */
function listen(server: Server, path: string, onReady: () => void): void {
  server.once("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error;
    const probe = connect(path);
    probe.setTimeout(PROBE_TIMEOUT_MS, () => process.exit(0));
    probe.once("connect", () => process.exit(0));
    probe.once("error", () => {
      unlinkSync(path);
      server.listen(path, onReady);
    });
  });
  server.listen(path, onReady);
}

function serveClient(socket: Socket, jobs: Jobs): void {
  const send: Listener = (message: BrokerMessage) => {
    if (socket.destroyed || (message.type === "output" && socket.writableLength > MAX_UNSENT_BYTES)) return;
    socket.write(`${JSON.stringify(message)}\n`);
  };
  const receive = (line: string) => {
    const message = JSON.parse(line) as ClientMessage;
    if (message.type === "start") jobs.start(message.id, message.plan, send);
    else if (message.type === "attach") jobs.attach(message.id, send);
    else jobs.cancel(message.id);
  };
  const read = lineReader(receive, () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    try {
      read(chunk);
    } catch {
      socket.destroy(); // What it says cannot be understood, so nothing after it can.
    }
  });
  socket.on("error", () => {}); // A client may vanish at any time; "close" follows.
  socket.once("close", () => jobs.detach(send));
  send({ type: "hello", protocol: BROKER_PROTOCOL, pid: process.pid });
}

/** Removes jobs that nobody has asked for in a week. */
function sweep(folder: string): void {
  for (const name of readdirSync(`${folder}/jobs`).slice(0, MAX_SWEPT_AT_ONCE)) {
    const path = `${folder}/jobs/${name}`;
    const age = systemClock.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity);
    if (age > RETENTION_MS) rmSync(path, { recursive: true, force: true });
  }
}
