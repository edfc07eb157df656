import type { Clock, EngineApi, SecretGuard } from "@bureau/engine";
import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import type { Caller } from "./caller.ts";
import type { WebBuild } from "./web-build.ts";

/** What the HTTP side is made of. */
export interface AppParts {
  engine: EngineApi;
  /** Hides secrets in what is answered, and refuses requests that hold one. */
  guard: SecretGuard;
  clock: Clock;
  /** The owner's: whoever has it may do everything. */
  token: string;
  /** The key by which sessions of the owner hold; made of the token where absent. */
  ownerKey?: () => Promise<string>;
  version: string;
  /** Names under which the server may be called besides those of loopback. */
  hosts: readonly string[];
  /** What the server listens on; loopback where absent. */
  host?: string;
  /** Where others reach it, for links; null where that is not set. */
  publicUrl?: string | null;
  /** Addresses and networks of proxies whose word on who asks, and how, is taken. */
  trustedProxies: readonly string[];
  /** Folder of the web app's files; null serves none. */
  webFolder: string | null;
  /** Makes what is in that folder; null serves what is there. */
  webBuild?: WebBuild | null;
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
  Variables: { requestId: string; caller: Caller | null };
}

export type App = Hono<AppEnv>;
export type AppContext = Context<AppEnv>;

export type LogLevel = "info" | "warn" | "error";
export type Log = (level: LogLevel, message: string) => void;
