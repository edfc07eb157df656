import type { Socket } from "node:net";
import { ruleFor, type HostRule } from "../domain/host-rules.ts";
import { connectChecked, PrivateAddress } from "./checked-connect.ts";
import { nameOf, type Refusal } from "./plain-request.ts";
import type { NetworkUse } from "./sandbox.ts";

export interface TrafficOptions {
  rules: readonly HostRule[];
  limits?: ProxyLimits;
  /** Told in one line for each different thing that was not allowed, up to a bound. */
  onRefused(line: string): void;
  /** How an allowed host is connected to. */
  connect?: typeof connectChecked;
}

export interface ProxyLimits {
  connections: number;
  atOnce: number;
  bytes: number;
  /** A connection on which nothing moves for so long is closed. */
  idleMs: number;
}

/** The connections of one command on both sides of its proxy, within their limits. */
export interface Traffic {
  /** False when one more connection of the command is too many; it is closed then. */
  admit(client: Socket): boolean;
  /** Connects to a host if a rule allows it. */
  reach(host: string, port: number): Promise<{ rule: HostRule; upstream: Socket } | Refusal>;
  /** Counts and tells a refusal; returns the line. */
  refuse(line: string): string;
  use(): NetworkUse;
  close(): void;
}

export const PROXY_LIMITS: ProxyLimits = { connections: 10_000, atOnce: 128, bytes: 2 * 1024 ** 3, idleMs: 300_000 };
/** What the model is told to do about a host that is not allowed. */
export const ASK = "ask a person to add it under sandbox.hosts";
const COUNT_EVERY_MS = 200;
/** Different lines for the model; more are counted only. */
const MAX_TOLD = 20;

export function createTraffic({
  rules,
  limits = PROXY_LIMITS,
  onRefused,
  connect = connectChecked,
}: TrafficOptions): Traffic {
  const upstreams = new Set<Socket>();
  const use: NetworkUse = { connections: 0, refused: 0, bytes: 0 };
  let taken = 0;
  let begun = 0;
  let reaching = 0;
  let isClosed = false;

  const tooMany = `one command may open ${limits.connections} connections, ${limits.atOnce} at once; this one was not opened`;

  const tell = tellOnce(onRefused);
  const refuse = (line: string): string => {
    use.refused += 1;
    return tell(`network: ${line}`);
  };

  const endAll = () => {
    clients.end();
    for (const socket of upstreams) socket.destroy();
  };

  const clients = createMeter(limits, () => {
    refuse(`more than ${limits.bytes} bytes were moved, and one command may not move more`);
    endAll();
  });

  const reach = async (host: string, port: number): Promise<{ rule: HostRule; upstream: Socket } | Refusal> => {
    const name = nameOf(host, port);
    const rule = ruleFor(rules, host, port);
    if (rule === null) return { status: 403, text: refuse(`${name} is not allowed; ${ASK}`) };
    // Counted before it is waited for: many requests may come at once, also on one connection.
    if (begun >= limits.connections || reaching + upstreams.size >= limits.atOnce) {
      return { status: 403, text: refuse(tooMany) };
    }
    begun += 1;
    reaching += 1;
    try {
      const upstream = await connect(rule, { host, port });
      upstream.on("error", () => {});
      upstreams.add(upstream);
      upstream.once("close", () => upstreams.delete(upstream));
      if (isClosed) upstream.destroy();
      use.connections += 1;
      return { rule, upstream };
    } catch (error) {
      return failureOf(error, name, refuse);
    } finally {
      reaching -= 1;
    }
  };

  return {
    admit(client) {
      taken += 1;
      const isWithin = taken <= limits.connections && clients.open() < limits.atOnce && clients.bytes() <= limits.bytes;
      if (isWithin) clients.add(client);
      else client.destroy();
      if (!isWithin) refuse(tooMany);
      return isWithin;
    },
    reach,
    refuse,
    use: () => ({ ...use, bytes: clients.bytes() }),
    close() {
      isClosed = true;
      endAll();
    },
  };
}

function tellOnce(onRefused: (line: string) => void): (line: string) => string {
  const told = new Set<string>();
  return (line) => {
    if (told.size < MAX_TOLD && !told.has(line)) {
      told.add(line);
      onRefused(line);
    }
    return line;
  };
}

function failureOf(error: unknown, name: string, refuse: (line: string) => string): Refusal {
  if (!(error instanceof PrivateAddress)) {
    return { status: 502, text: `network: ${name} cannot be reached: ${codeOf(error)}` };
  }
  const hint = `a person can allow it as private:${name} under sandbox.hosts`;
  return { status: 403, text: refuse(`${error.message}, which is not on the public internet; ${hint}`) };
}

/** The command's own connections, and the bytes that went over them. */
function createMeter(limits: ProxyLimits, onTooMuch: () => void) {
  const open = new Set<Socket>();
  let endedBytes = 0;
  let counting: NodeJS.Timeout | undefined;
  const bytes = () => [...open].reduce((sum, socket) => sum + moved(socket), endedBytes);
  return {
    bytes,
    open: () => open.size,
    add(socket: Socket) {
      open.add(socket);
      counting ??= setInterval(() => void (bytes() > limits.bytes && onTooMuch()), COUNT_EVERY_MS);
      socket.setTimeout(limits.idleMs, () => socket.destroy());
      socket.on("error", () => {}); // The other side went away; "close" follows.
      socket.once("close", () => {
        open.delete(socket);
        endedBytes += moved(socket);
        if (open.size > 0) return;
        clearInterval(counting);
        counting = undefined;
      });
    },
    end() {
      for (const socket of open) socket.destroy();
    },
  };
}

const moved = (socket: Socket) => socket.bytesRead + socket.bytesWritten;

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : String(error));
}
