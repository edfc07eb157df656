import type { Clock, EngineApi, SecretGuard } from "@bureau/engine";
import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";

/** What the HTTP side is made of. */
export interface AppParts {
  engine: EngineApi;
  /** Hides secrets in what is answered, and refuses requests that hold one. */
  guard: SecretGuard;
  clock: Clock;
  /** Whoever has it may do everything. */
  token: string;
  version: string;
  /** Names under which the server may be called besides those of loopback. */
  hosts: readonly string[];
  /** Folder of the web app's files; null serves none. */
  webFolder: string | null;
  /** Ends all event streams when aborted. */
  signal: AbortSignal;
  /** Told of each failure that is ours, once. */
  onFault: (fault: Fault) => void;
}

export interface Fault {
  requestId: string;
  method: string;
  path: string;
  error: unknown;
}

export interface AppEnv {
  Bindings: Partial<HttpBindings>;
  Variables: { requestId: string };
}

export type App = Hono<AppEnv>;
export type AppContext = Context<AppEnv>;

export type LogLevel = "info" | "warn" | "error";
export type Log = (level: LogLevel, message: string) => void;
