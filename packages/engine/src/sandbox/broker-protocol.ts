import type { HostRule } from "../domain/host-rules.ts";
import type { CommandLimits, CommandResult } from "./sandbox.ts";

/**
 * What the broker and its clients say to each other: one JSON object a line over a unix socket.
 *
 * The version is part of the socket's name, so that a newer server never talks to an older broker: it starts its
 * own, and reads what the older one leaves from the job's folder. Raise it with any change to a message, a plan or
 * a file of a job.
 */
export const BROKER_PROTOCOL = 2;

/** Longest line that either side accepts. A command is far shorter, and a result is cut to `outputBytes`. */
export const MAX_LINE_BYTES = 32 * 1024 * 1024;

/**
 * A path inside the command's folder that is mounted without following a link that a command could plant. A binding
 * also keeps the path from being renamed away; `--tmpfs` hides what is below it.
 */
export interface Pin {
  option: "--bind" | "--ro-bind" | "--tmpfs";
  folder: string;
  names: string[];
}

/**
 * The folder itself, as an argument: a descriptor that the broker opens and finds to be that very path, so that no
 * link that is put in its place meanwhile is followed.
 */
export const FOLDER_SOURCE = "/proc/self/fd/4";

/** How a command is started. Made by the server; the broker only carries it out. */
export interface CommandPlan {
  /**
   * `namespace`: the end of the first process ends every other by the kernel. `group`: the broker ends the process
   * group and what descends from it, because there is no namespace.
   */
  kind: "namespace" | "group";
  /** Program and arguments up to where the pins go; the shell follows. Empty: the shell itself. */
  program: string;
  arguments: string[];
  /** True: the arguments start a shell that takes its script from the environment, and nothing is added to them. */
  scriptByEnvironment: boolean;
  pins: Pin[];
  /** Bytes of a seccomp filter for the program's descriptor 3, or null. */
  filterFile: string | null;
  command: string;
  environment: Record<string, string>;
  workingFolder: string;
  /** Folders in it that the command does not see. */
  hiddenFolders: string[];
  limits: CommandLimits;
  /** Whether the kernel's process limit counts this command alone. */
  limitProcesses: boolean;
  /** Names the folder itself (device and inode), so that a prepared sandbox is never used for another one. */
  folderIdentity: string;
  /** The words that open the proxy's port inside the sandbox, and where that leads to. Null: no network. */
  network: { opener: string[]; rules: HostRule[] } | null;
}

export type ClientMessage =
  | { type: "start"; id: string; plan: CommandPlan }
  | { type: "attach"; id: string }
  | { type: "cancel"; id: string };

export type BrokerMessage =
  | { type: "hello"; protocol: number; pid: number }
  | { type: "output"; id: string; text: string }
  | { type: "result"; id: string; result: CommandResult }
  /** `lost`: started before, and its outcome cannot be known. `failed`: it could not be started. */
  | { type: "refused"; id: string; reason: "lost" | "failed"; message: string };

/** What `request.json` of a job's folder holds: who runs it, so that anyone can tell whether it still runs. */
export interface JobRecord {
  id: string;
  brokerPid: number;
  brokerStart: string;
  startedAt: string;
}

/** The folder of a job. Ids are encoded, so that any id is a safe file name. */
export function jobFolder(stateFolder: string, id: string): string {
  return `${stateFolder}/jobs/${encodeURIComponent(id).replaceAll(".", "%2E")}`;
}

/** Splits a stream into lines and gives each to `onLine`; calls `onTooLong` once when a line passes the limit. */
export function lineReader(onLine: (line: string) => void, onTooLong: () => void): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let held = 0;
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      const line = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      parts = [];
      held = 0;
      start = end + 1;
      onLine(line.toString("utf8"));
    }
    if (start === chunk.length) return;
    parts.push(chunk.subarray(start));
    held += chunk.length - start;
    if (held > MAX_LINE_BYTES) onTooLong();
  };
}
