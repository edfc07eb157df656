import { fork, type ChildProcess } from "node:child_process";
import type { Server, Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { HostRule } from "../domain/host-rules.ts";
import type { ProxyOrder, ProxyReport } from "./proxy-protocol.ts";
import type { NetworkUse } from "./sandbox.ts";

/** The connections of the commands of one broker. They are passed on to the proxy; nothing is read from them here. */
export interface CommandNetworks {
  /** Lets a command out through the port that its sandbox has opened. */
  open(id: string, door: Door, rules: HostRule[], onRefused: (line: string) => void): void;
  /** Ends the command's connections; says what it did, or null when that cannot be known. */
  close(id: string): Promise<NetworkUse | null>;
  stop(): void;
}

/** The port in a sandbox's own network, as it is from outside. */
export interface Door {
  /** Given each connection, paused. Until it is set, connections are refused. */
  onConnection: ((socket: Socket) => void) | null;
  close(): void;
}

interface Open {
  door: Door;
  onRefused: (line: string) => void;
  settle: ((use: NetworkUse | null) => void) | null;
}

const PROXY_MAIN = fileURLToPath(new URL("./proxy-main.ts", import.meta.url));
const SOURCES = fileURLToPath(new URL("../", import.meta.url));
const CLOSE_MS = 1000;

/** Waits for the port that a starting sandbox opens. Its channel carries that one message; the shell closes it before the command. */
export function openDoor(child: ChildProcess): Door {
  let server: Server | null = null;
  let isClosed = false;
  const door: Door = {
    onConnection: null,
    close() {
      isClosed = true;
      server?.close();
      if (child.connected) child.disconnect();
    },
  };
  child.once("message", (_message, handle) => {
    server = (handle as Server | undefined) ?? null;
    if (server === null) return;
    if (isClosed) return void server.close();
    // Bytes that are read here would be lost to the process that the connection is passed on to.
    Object.assign(server, { pauseOnConnect: true });
    server.on("connection", (socket) => {
      if (door.onConnection === null) socket.destroy();
      else door.onConnection(socket);
    });
  });
  return door;
}

export function createCommandNetworks(): CommandNetworks {
  const commands = new Map<string, Open>();
  let current: ChildProcess | null = null;

  const lost = (child: ChildProcess) => {
    if (current !== child) return;
    current = null;
    for (const { settle, door } of commands.values()) {
      door.onConnection = null;
      settle?.(null);
    }
  };

  const proxy = (): ChildProcess => {
    if (current !== null) return current;
    const child = startProxy();
    current = child;
    child.on("message", (message: ProxyReport) => {
      const command = commands.get(message.id);
      if (message.type === "refused") command?.onRefused(message.line);
      else command?.settle?.(message.use);
    });
    child.once("error", () => lost(child));
    child.once("exit", () => lost(child));
    return child;
  };

  return {
    open(id, door, rules, onRefused) {
      const child = proxy();
      commands.set(id, { door, onRefused, settle: null });
      order(child, { type: "open", id, rules });
      door.onConnection = (socket) => order(child, { type: "connection", id }, socket);
    },
    close(id) {
      const command = commands.get(id);
      if (command === undefined) return Promise.resolve(null);
      command.door.close();
      return new Promise((resolve) => {
        const timer = setTimeout(() => command.settle?.(null), CLOSE_MS);
        command.settle = (use) => {
          clearTimeout(timer);
          commands.delete(id);
          resolve(use);
        };
        if (current === null) command.settle(null);
        else order(current, { type: "close", id });
      });
    },
    stop: () => current?.kill("SIGKILL"),
  };
}

/** Node's own permissions take away files, programs, workers and native code; the network is left. */
function startProxy(): ChildProcess {
  const limits = ["--max-old-space-size=96", "--disable-warning=ExperimentalWarning"];
  return fork(PROXY_MAIN, {
    execArgv: [...limits, "--permission", `--allow-fs-read=${SOURCES}*`],
    cwd: "/",
    env: {},
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
}

function order(child: ChildProcess, message: ProxyOrder, socket?: Socket): void {
  // A proxy that is gone is noticed by its exit; a connection that cannot be passed on is closed.
  const dropped = () => void socket?.destroy();
  if (!child.connected) return dropped();
  child.send(message, socket, {}, (error) => void (error && dropped()));
}
