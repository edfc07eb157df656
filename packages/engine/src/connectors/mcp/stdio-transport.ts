import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import type { JSONRPCMessage, ReadBuffer, Transport } from "@modelcontextprotocol/client";
import type { Clock } from "../../clock.ts";

const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;
const MAX_ERROR_OUTPUT = 8_192;
/** How long a server may take to end by itself, and then once it was told to. */
const END_MS = 1_000;

type Sdk = typeof import("@modelcontextprotocol/client");

export interface StdioParameters {
  command: string;
  args: readonly string[];
  /** The whole environment of the program. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  clock: Clock;
}

/**
 * A server that is a program of this machine, spoken to over its standard input and output.
 *
 * It runs in a process group of its own, so that closing ends what it started too. The names `stderr` and `pid` tell
 * the client that this is a pipe, on which silence is no outage.
 */
export class StdioTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: ((message: JSONRPCMessage) => void) | undefined;
  readonly stderr = null;
  readonly #parameters: StdioParameters;
  readonly #serialize: Sdk["serializeMessage"];
  readonly #buffer: ReadBuffer;
  #process: ChildProcessWithoutNullStreams | null = null;
  #errorOutput = "";

  constructor(sdk: Pick<Sdk, "ReadBuffer" | "serializeMessage">, parameters: StdioParameters) {
    this.#parameters = parameters;
    this.#serialize = sdk.serializeMessage;
    this.#buffer = new sdk.ReadBuffer({ maxBufferSize: MAX_MESSAGE_BYTES });
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** The end of what the program wrote to its standard error. */
  get errorOutput(): string {
    return this.#errorOutput;
  }

  async start(): Promise<void> {
    const { command, args, env, cwd } = this.#parameters;
    const child = spawn(command, [...args], { env, cwd, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    this.#process = child;
    child.stdout.on("data", (chunk: Buffer) => this.#receive(chunk));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errorOutput = (this.#errorOutput + text).slice(-MAX_ERROR_OUTPUT);
    });
    for (const stream of [child.stdin, child.stdout, child.stderr])
      stream.on("error", (error) => this.onerror?.(error));
    child.once("exit", () => this.#ended(child));
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (error) => {
        this.#process = null;
        reject(error);
      });
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const child = this.#process;
    if (!child?.stdin.writable) throw new Error("The server's program has ended.");
    if (child.stdin.write(this.#serialize(message))) return;
    await Promise.race([once(child.stdin, "drain"), once(child, "exit")]);
  }

  /** Ends the program and all that it started: first by closing its input, then by signals. */
  async close(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const exited = once(child, "exit");
    child.stdin.end();
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const waited = new AbortController();
      const isOver = await Promise.race([
        exited.then(() => true),
        this.#parameters.clock.sleep(END_MS, waited.signal).then(
          () => false,
          () => true,
        ),
      ]);
      waited.abort();
      if (isOver) return;
      endGroup(child, signal);
    }
    await exited;
  }

  #receive(chunk: Buffer): void {
    try {
      this.#buffer.append(chunk);
    } catch (error) {
      // A message beyond the bound: what follows cannot be told apart any more.
      this.onerror?.(error as Error);
      void this.close();
      return;
    }
    for (;;) {
      try {
        const message = this.#buffer.readMessage();
        if (message === null) return;
        this.onmessage?.(message);
      } catch (error) {
        // A line that is no message, such as a greeting; the reader has gone past it.
        this.onerror?.(error as Error);
      }
    }
  }

  #ended(child: ChildProcessWithoutNullStreams): void {
    // What it started must not outlive it.
    endGroup(child, "SIGKILL");
    if (this.#process !== child) return;
    this.#process = null;
    this.#buffer.clear();
    this.onclose?.();
  }
}

function endGroup(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody is left in it.
    child.kill(signal);
  }
}
