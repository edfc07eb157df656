import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, readlinkSync } from "node:fs";
import { FOLDER_SOURCE, type CommandPlan, type Pin } from "./broker-protocol.ts";
import { openDoor, type Door } from "./command-network.ts";

/** A started shell that has its limits and waits for its command. It runs one command, once. */
export interface CommandProcess {
  child: ChildProcess;
  /** Processes of the tree that are not the command's own. */
  helpers: number;
  /** The port of its network; null when it has none. */
  door: Door | null;
  /** Gives the shell its command. */
  begin(command: string): void;
}

/** First descriptor for the folder and pins; before it are the three standard ones and the filter or the life line. */
const FIRST_PIN_DESCRIPTOR = 4;
/** bubblewrap's watcher and the first process of the namespace. */
const NAMESPACE_HELPERS = 2;
/** The shell's own watcher of the life line. */
const GROUP_HELPERS = 1;
const PROCESS_BACKSTOP_FACTOR = 2;
const HEADROOM_PROCESSES = 16;
const BYTES_PER_KILOBYTE = 1024;
/** Marks the environment of a command's processes, so that strays are found. */
export const COMMAND_MARK = "BUREAU_COMMAND";

/** Starts the sandbox and the shell of a plan, up to but without its command. Throws when a pinned path cannot be opened. */
export function startCommandProcess(plan: CommandPlan, mark: string): CommandProcess {
  const descriptors: number[] = [];
  try {
    const bound: string[] = [];
    if (plan.arguments.includes(FOLDER_SOURCE)) descriptors.push(openFolder(plan.workingFolder));
    for (const pin of plan.pins) {
      const place = [pin.folder, ...pin.names].join("/");
      if (pin.option === "--tmpfs") {
        bound.push(pin.option, place);
        continue;
      }
      bound.push(pin.option, `/proc/self/fd/${FIRST_PIN_DESCRIPTOR + descriptors.length}`, place);
      descriptors.push(openPin(pin));
    }
    const filter = plan.filterFile === null ? null : openSync(plan.filterFile, constants.O_RDONLY);
    const text = script(plan);
    const channel = plan.network === null ? [] : (["ipc"] as const);
    const program = programOf(plan, bound, text);
    try {
      const child = spawn(program[0]!, program.slice(1), {
        cwd: plan.kind === "namespace" ? "/" : plan.workingFolder,
        env: {
          ...plan.environment,
          ...(plan.kind === "group" ? { [COMMAND_MARK]: mark } : {}),
          ...(plan.scriptByEnvironment ? { BUREAU_SCRIPT: text } : {}),
        },
        detached: true,
        stdio: [
          "pipe",
          "pipe",
          "pipe",
          plan.kind === "group" ? "pipe" : (filter ?? "ignore"),
          ...descriptors,
          ...channel,
        ],
      });
      child.stdin?.on("error", () => {}); // The shell ended before it read its command; its exit says why.
      return {
        child,
        door: plan.network === null ? null : openDoor(child),
        helpers: plan.kind === "namespace" ? NAMESPACE_HELPERS : GROUP_HELPERS,
        begin: (command) => child.stdin?.end(`${command}\0`),
      };
    } finally {
      if (filter !== null) closeSync(filter);
    }
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

function programOf(plan: CommandPlan, bound: string[], text: string): string[] {
  const shell = ["/bin/bash", "-c", text, "bash"];
  if (plan.program === "") return shell;
  if (plan.scriptByEnvironment) return [plan.program, ...plan.arguments];
  return [plan.program, ...plan.arguments, ...bound, "--", ...shell];
}

/**
 * The shell's own words, before the command's. The command comes through standard input, never through this text.
 *
 * Data size (`-d`) stands for memory, and not address space: runtimes reserve far more addresses than they use.
 * A limit that cannot be set is refused because a lower one holds already. Without a namespace a watcher holds the life line, a pipe from the broker, and ends the group when it breaks.
 * All descriptors but the standard ones are closed: those of pins lead around the mounts that they were for, and
 * whoever started Bureau may have left others open.
 */
function script(plan: CommandPlan): string {
  const { limits } = plan;
  const cpuSeconds = Math.max(1, Math.ceil(limits.cpuSeconds));
  const sizes = [
    "-c 0",
    // The soft limit says what happened, by a signal of its own; the hard one could only kill.
    `-S -t ${cpuSeconds}`,
    `-H -t ${cpuSeconds + 1}`,
    `-f ${Math.ceil(limits.fileBytes / BYTES_PER_KILOBYTE)}`,
    `-d ${Math.ceil(limits.memoryBytes / BYTES_PER_KILOBYTE)}`,
    // The broker's own watch comes first, and says so; the kernel holds what is faster than it.
    ...(plan.limitProcesses ? [`-u ${PROCESS_BACKSTOP_FACTOR * limits.processes + HEADROOM_PROCESSES}`] : []),
  ];
  return [
    // A sandbox whose port cannot be opened runs nothing, and says why where only the sandbox itself writes.
    ...(plan.network === null
      ? []
      : [
          `${plan.network.opener.map(quote).join(" ")} </dev/null >/dev/null || { echo "its network could not be opened" >&2; exit 125; }`,
          "unset NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE",
        ]),
    "IFS= read -r -d '' BUREAU_TEXT || exit 125",
    ...(plan.kind === "group" ? ["{ read -r -u 3 _; kill -KILL 0; } </dev/null >/dev/null 2>&1 & disown"] : []),
    "exec </dev/null 2>&1",
    'for descriptor in /dev/fd/*; do descriptor="${descriptor##*/}"; [ "$descriptor" -gt 2 ] && eval "exec $descriptor<&-"; done',
    ...sizes.map((size) => `ulimit ${size} 2>/dev/null`),
    'set -- "$BUREAU_TEXT"; unset descriptor BUREAU_TEXT BUREAU_SCRIPT',
    'eval "$1"',
  ].join("\n");
}

const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

/** Opens the folder, and finds that it is the one of that path: no part of the path is a link now. */
function openFolder(folder: string): number {
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const path = readlinkSync(`/proc/self/fd/${descriptor}`);
  if (path === folder) return descriptor;
  closeSync(descriptor);
  throw new Error(`${folder} leads to ${path} now`);
}

/** Opens each name below the folder without following a link, so that what is bound is what was named. */
function openPin(pin: Pin): number {
  let current = openSync(pin.folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (const name of pin.names) {
      const next = openSync(
        `/proc/self/fd/${current}/${name}`,
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      );
      closeSync(current);
      current = next;
    }
    const stat = fstatSync(current);
    if (!stat.isDirectory() && !stat.isFile()) throw new Error(`${pin.names.join("/")} is neither a file nor a folder`);
    return current;
  } catch (error) {
    closeSync(current);
    throw error;
  }
}
