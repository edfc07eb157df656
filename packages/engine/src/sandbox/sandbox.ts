import type { HostRule } from "../domain/host-rules.ts";

export interface CommandLimits {
  /** Wall time; the command and all its children are ended after it. */
  timeMs: number;
  cpuSeconds: number;
  memoryBytes: number;
  processes: number;
  /** Bytes of output that are kept, head and tail; more is dropped and counted. */
  outputBytes: number;
  /** Largest file that the command may write. */
  fileBytes: number;
  /** What the command may add to the disk in all. */
  diskBytes: number;
  /** How many files and folders it may make. */
  diskFiles: number;
}

export interface CommandRequest {
  /** Names the command for good: a second request with the same id never starts it again. */
  id: string;
  /** Given to `bash -c`. */
  command: string;
  /** Absolute and real; the only folder that can be written, besides a private temporary one. */
  folder: string;
  environment: Record<string, string>;
  limits: CommandLimits;
  /** Where it may connect to, through a proxy. Absent or empty: there is no network at all. */
  hosts?: readonly HostRule[];
}

/** What a command did with the network that it was given. */
export interface NetworkUse {
  /** Connections that were made to allowed hosts. */
  connections: number;
  refused: number;
  /** Both ways. */
  bytes: number;
}

export interface CommandResult {
  /** Null when it was ended by a signal. */
  exitCode: number | null;
  signal: string | null;
  /** Which limit ended it, if one did. */
  limit: "time" | "cpu" | "memory" | "processes" | "output" | "disk" | "files" | null;
  /** Standard output and error in the order they came, cut to `outputBytes`. */
  output: string;
  /** Bytes dropped from the middle. */
  droppedBytes: number;
  durationMs: number;
  /** Absent when it had no network. */
  network?: NetworkUse;
}

export type SandboxState =
  | { available: true; kind: string }
  /** `reason` says what is missing, `hint` the command that mends it. */
  | { available: false; reason: string; hint: string };

/**
 * Where commands run. They see the folder, read-only system files, and no network but the hosts they are given.
 *
 * Commands are started by a small broker process, not by this one. They outlive this process: `find` after a
 * restart waits for the command, or returns what it left.
 */
export interface Sandbox {
  state(): Promise<SandboxState>;
  /**
   * Runs a command to its end. Rejects with `AppError("unavailable")` when no sandbox can be had, unless
   * `unsandboxed` is true: a person said yes to this exact command. Aborting ends the command and its children.
   */
  run(
    request: CommandRequest,
    options: { signal: AbortSignal; unsandboxed?: boolean; onOutput?: (text: string) => void },
  ): Promise<CommandResult>;
  /** The result of a command that an earlier process started, waiting if it still runs; null if it is unknown. */
  find(id: string, options: { signal: AbortSignal }): Promise<CommandResult | null>;
  /** Forgets a finished command's result once it is stored. */
  forget(id: string): Promise<void>;
  /** Ends the connection to the broker; running commands go on. */
  close(): Promise<void>;
}
