import { AppError } from "@bureau/protocol";
import type { CallToolResult, Tool as ServerTool } from "@modelcontextprotocol/client";
import type { Clock } from "../../clock.ts";
import { OutcomeUnknown } from "../../tools/tool.ts";
import { failureOf } from "./call-failure.ts";
import type { Filler } from "./fill-in.ts";
import { openClient, type OpenedClient } from "./open-client.ts";
import type { ServerConfig } from "./server-config.ts";

const LIST_MS = 30_000;
/** A connection that nobody has used for so long is closed; the next call makes a new one. */
const IDLE_MS = 5 * 60_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5 * 60_000;

export interface ConnectionOptions {
  config: ServerConfig;
  filler: Filler;
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** A list of tools that came from the server, before anybody uses it. */
  onTools(tools: readonly ServerTool[]): Promise<void>;
}

export interface CallOptions {
  signal: AbortSignal;
  effectKey: string | null;
  /** A call that may do something: when its answer is lost, its outcome is unknown. */
  isWrite: boolean;
  onProgress?: ((text: string) => void) | undefined;
}

export type ConnectionState = "unused" | "connected" | "resting" | "failed";

/** One server as this process knows it: connected to when it is first needed, and shared by all runs. */
export class Connection {
  readonly config: ServerConfig;
  readonly #options: ConnectionOptions;
  #opened: Promise<OpenedClient> | null = null;
  #current: OpenedClient | null = null;
  #listing: Promise<readonly ServerTool[]> | null = null;
  #tools: readonly ServerTool[] | null = null;
  #isStale = false;
  #failures = 0;
  #retryAt = 0;
  #lastError: string | null = null;
  #busy = 0;
  #idle = new AbortController();
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.config = options.config;
    this.#options = options;
  }

  get state(): ConnectionState {
    if (this.#current) return "connected";
    if (this.#lastError !== null) return "failed";
    return this.#tools ? "resting" : "unused";
  }

  /** Why the latest attempt failed, ready to be shown; null after one that did not. */
  get lastError(): string | null {
    return this.#lastError;
  }

  get tools(): readonly ServerTool[] | null {
    return this.#tools;
  }

  get pid(): number | null {
    return this.#current?.pid ?? null;
  }

  get protocolVersion(): string | null {
    return this.#current?.client.getNegotiatedProtocolVersion() ?? null;
  }

  /** The end of what a server's program wrote to its standard error. */
  get errorOutput(): string {
    return this.#options.filler.redact(this.#current?.errorOutput() ?? "");
  }

  /** The server's tools as last heard; asked for when there are none, or when the server said that they changed. */
  async listTools(): Promise<readonly ServerTool[]> {
    if (this.#tools && !this.#isStale) return this.#tools;
    this.#listing ??= this.#askForTools().finally(() => (this.#listing = null));
    return await this.#listing;
  }

  /**
   * Calls a tool. Fails with `OutcomeUnknown` when it is a write and its answer was lost; any other failure means that
   * the server refused it, or that it never left.
   */
  async call(tool: ServerTool, args: Record<string, unknown>, options: CallOptions): Promise<CallToolResult> {
    return await this.#using(async ({ client }) => {
      const { effectKey, signal, onProgress } = options;
      const meta = effectKey === null ? {} : { _meta: { "bureau/effectKey": effectKey } };
      // Without its output schema: an answer that does not fit it came from a call that was made.
      const { outputSchema: _left, ...toolDefinition } = tool;
      try {
        return await client.callTool(
          { name: tool.name, arguments: args, ...meta },
          {
            signal,
            timeout: this.config.timeoutMs,
            maxTotalTimeout: this.config.timeoutMs,
            toolDefinition,
            ...(onProgress ? { onprogress: ({ message }) => void (message && onProgress(`${message}\n`)) } : {}),
          },
        );
      } catch (error) {
        throw this.#callFailure(tool.name, error, options);
      }
    }, options.signal);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#idle.abort();
    const opened = await this.#opened?.catch(() => null);
    await opened?.client.close();
  }

  #callFailure(name: string, error: unknown, { isWrite, signal }: CallOptions): Error {
    const { message, isUnknown } = failureOf(error);
    const said = this.#options.filler.redact(message);
    if (isWrite && (isUnknown || signal.aborted))
      return new OutcomeUnknown(`The answer of ${this.config.name} to ${name} was lost: ${said}`, { cause: error });
    if (signal.aborted) return signal.reason instanceof Error ? signal.reason : new Error("It was stopped.");
    return new AppError("unavailable", `${this.config.name} did not do ${name}: ${said}`, { cause: error });
  }

  async #askForTools(): Promise<readonly ServerTool[]> {
    return await this.#using(async ({ client }) => {
      this.#isStale = false;
      try {
        const { tools } = await client.listTools(undefined, { cacheMode: "bypass", timeout: LIST_MS });
        await this.#options.onTools(tools);
        this.#tools = tools;
        this.#lastError = null;
        return tools;
      } catch (error) {
        this.#isStale = this.#tools !== null;
        throw this.#failed(error);
      }
    });
  }

  /** Works with a client that is open, and closes it when it has been left alone for a while. */
  async #using<T>(work: (opened: OpenedClient) => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#busy += 1;
    this.#idle.abort();
    try {
      return await work(await until(this.#open(), signal));
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0) this.#rest();
    }
  }

  async #open(): Promise<OpenedClient> {
    if (this.#isClosed) throw new AppError("unavailable", "Bureau is stopping.");
    if (this.#opened) return await this.#opened;
    const { clock } = this.#options;
    if (this.#lastError !== null && clock.now() < this.#retryAt) throw this.#unavailable(this.#lastError, undefined);
    this.#opened = openClient({
      ...this.#options,
      onToolsChanged: () => (this.#isStale = true),
      onClosed: () => this.#forget(),
    });
    try {
      this.#current = await this.#opened;
      this.#failures = 0;
      this.#lastError = null;
      return this.#current;
    } catch (error) {
      this.#opened = null;
      throw this.#failed(error);
    }
  }

  #forget(): void {
    this.#opened = null;
    this.#current = null;
  }

  #failed(error: unknown): AppError {
    const said = this.#options.filler.redact(failureOf(error).message);
    this.#lastError = said;
    this.#retryAt = this.#options.clock.now() + Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#failures = Math.min(this.#failures + 1, 20);
    return this.#unavailable(said, error);
  }

  #unavailable(said: string, cause: unknown): AppError {
    return new AppError("unavailable", `The server ${JSON.stringify(this.config.name)} cannot be reached: ${said}`, {
      cause,
      hint: "`bureau connectors` shows its state.",
    });
  }

  #rest(): void {
    const idle = new AbortController();
    this.#idle = idle;
    if (this.#current === null || this.#isClosed) return;
    this.#options.clock.sleep(IDLE_MS, idle.signal).then(
      () => {
        if (this.#busy === 0 && !idle.signal.aborted) void this.#current?.client.close();
      },
      () => undefined,
    );
  }
}

/** A promise that is given up when the signal is aborted; what it stands for goes on for others. */
async function until<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await promise;
  const given = Promise.withResolvers<never>();
  const giveUp = () => given.reject(signal.reason);
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([given.promise, promise]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
