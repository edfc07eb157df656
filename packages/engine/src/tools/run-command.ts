import { z } from "zod";
import type { ActionDetails } from "../domain/action.ts";
import { allHosts, hostsOf, type NetworkSettings } from "../domain/host-rules.ts";
import type { CommandLimits, CommandResult } from "../sandbox/sandbox.ts";
import { ANY_FILE, defineTool } from "./tool.ts";
import type { Tool, ToolOutput } from "./tool.ts";

export const RUN_COMMAND = "run_command";

const DEFAULT_TIMEOUT_SECONDS = 120;
const MAX_TIMEOUT_SECONDS = 3600;
/** A command may use both cores of a small machine for all of its time. */
const CPU_SHARE = 2;
const MEMORY_BYTES = 2 * 1024 * 1024 * 1024;
const MAX_PROCESSES = 256;
const OUTPUT_BYTES = 16_000;
const FILE_BYTES = 1024 * 1024 * 1024;
const DISK_BYTES = 2 * 1024 * 1024 * 1024;
const DISK_FILES = 200_000;
const MAX_NAMED_HOSTS = 20;
const NO_NETWORK: NetworkSettings = { hosts: [], agents: {} };
const EXIT_AFTER_FILE_SIZE_SIGNAL = 128 + 25;

type Arguments = { command: string; timeout_seconds?: number | undefined };

export interface RunCommandOptions {
  network?: NetworkSettings;
  /** What one command may add to the disk. */
  diskBytes?: number;
}

/**
 * Runs a command in the sandbox. Its call's id names the command, so a restart finds it instead of running it again.
 *
 * With hosts it can carry out what it reads and bring in what others wrote, and says so; without, neither.
 */
export function createRunCommand({
  network = NO_NETWORK,
  diskBytes = DISK_BYTES,
}: RunCommandOptions = {}): Tool<Arguments> {
  const everyHost = allHosts(network);
  return defineTool<Arguments>({
    name: RUN_COMMAND,
    description:
      `Runs a bash command in the folder, in a sandbox ${networkWords(network)} that can write only the folder and /tmp. ` +
      `Background processes end with the command. timeout_seconds: default ${DEFAULT_TIMEOUT_SECONDS}, at most ${MAX_TIMEOUT_SECONDS}.`,
    parameters: z.strictObject({
      command: z.string().min(1),
      timeout_seconds: z.number().int().min(1).max(MAX_TIMEOUT_SECONDS).optional(),
    }),
    effect: "write_workspace",
    idempotent: false,
    opens: () => ANY_FILE,
    writes: () => ANY_FILE,
    async execute(args, { toolCallId, folder, signal, sandbox, approved, onProgress, agent }) {
      const limits = limitsFor(args, diskBytes);
      const hosts = hostsOf(network, agent);
      const request = { id: toolCallId, command: args.command, folder, environment: {}, limits, hosts };
      const result = await sandbox.run(request, {
        signal,
        unsandboxed: approved,
        ...(onProgress === undefined ? {} : { onOutput: onProgress }),
      });
      // Without a sandbox a person's yes has let it go anywhere.
      const isBare = approved && !(await sandbox.state()).available;
      return { ...outputOf(args, result, limits), ...(isBare ? { trust: "untrusted" } : {}) };
    },
    async recover(args, { toolCallId, sandbox, signal }) {
      const result = await sandbox.find(toolCallId, { signal });
      return result === null ? null : outputOf(args, result, limitsFor(args, diskBytes));
    },
    forget: ({ toolCallId, sandbox }) => sandbox.forget(toolCallId),
    async needsApproval(_args, { sandbox }) {
      const state = await sandbox.state();
      if (state.available) return null;
      return `This command would run without isolation, able to read and change anything that Bureau's user can. ${state.reason} ${state.hint}`;
    },
    ...(everyHost.length === 0 ? {} : { describe: (args, context) => detailsOf(args, network, context?.agent) }),
  });
}

/** For whoever does not say which agent it is, every host that any agent has is a target. */
function detailsOf(args: Arguments, network: NetworkSettings, agent: string | undefined): ActionDetails {
  const hosts = agent === undefined ? allHosts(network) : hostsOf(network, agent);
  return {
    targets: [...new Set(hosts.map((rule) => rule.text))],
    content: [args.command],
    carriesOut: hosts.length > 0,
  };
}

function networkWords(network: NetworkSettings): string {
  if (allHosts(network).length === 0) return "without network";
  const names = network.hosts.slice(0, MAX_NAMED_HOSTS).map((rule) => rule.text);
  const isWhole = names.length === network.hosts.length && Object.keys(network.agents).length === 0;
  return `that reaches over the network only hosts that a person allowed${isWhole ? ` (${names.join(", ")})` : ""}, and`;
}

function limitsFor(args: Arguments, diskBytes: number): CommandLimits {
  const seconds = args.timeout_seconds ?? DEFAULT_TIMEOUT_SECONDS;
  return {
    timeMs: seconds * 1000,
    cpuSeconds: seconds * CPU_SHARE,
    memoryBytes: MEMORY_BYTES,
    processes: MAX_PROCESSES,
    outputBytes: OUTPUT_BYTES,
    fileBytes: Math.min(FILE_BYTES, diskBytes),
    diskBytes,
    diskFiles: DISK_FILES,
  };
}

function outputOf(args: Arguments, result: CommandResult, limits: CommandLimits): ToolOutput {
  const cut =
    result.droppedBytes > 0
      ? [
          `Output cut: ${result.droppedBytes} bytes dropped from its middle; run it again with a filter such as "| tail -n 100".`,
        ]
      : [];
  const output = result.output === "" ? "(no output)" : result.output.replace(/\n$/, "");
  return {
    text: [...endOf(args, result, limits), ...cut, output].join("\n"),
    view: {
      type: "command",
      command: args.command,
      exitCode: result.exitCode,
      output: result.output,
      durationMs: result.durationMs,
    },
    ...((result.network?.connections ?? 0) === 0 ? {} : { trust: "untrusted" as const }),
  };
}

/** How it ended, in words. */
function endOf(args: Arguments, result: CommandResult, limits: CommandLimits): string[] {
  const took = `${(result.durationMs / 1000).toFixed(result.durationMs < 10_000 ? 2 : 0)} s`;
  if (result.limit !== null) return [`Ended after ${took}: ${LIMIT_WORDS[result.limit](args, limits)}`];
  const words = [
    result.exitCode === null
      ? `Ended by ${result.signal ?? "a signal"} after ${took}.`
      : `Exit code ${result.exitCode}, ${took}.`,
  ];
  if (result.exitCode === EXIT_AFTER_FILE_SIZE_SIGNAL)
    words.push(`It was ended because a file grew beyond ${sizeText(limits.fileBytes)}.`);
  return words;
}

const LIMIT_WORDS: Record<NonNullable<CommandResult["limit"]>, (args: Arguments, limits: CommandLimits) => string> = {
  time: (args) => {
    const seconds = args.timeout_seconds ?? DEFAULT_TIMEOUT_SECONDS;
    return `it took longer than ${seconds} s. Give it less to do, or a longer timeout_seconds (at most ${MAX_TIMEOUT_SECONDS}).`;
  },
  cpu: () => "it used more processor time than it may. Give it less to do, or a longer timeout_seconds.",
  memory: () => "its processes used more than 2 GiB of memory together. Work on smaller pieces.",
  processes: () => `it started more than ${MAX_PROCESSES} processes. Start fewer at once.`,
  output: () => "it wrote far too much output. Write to a file, or filter it.",
  disk: (_args, { diskBytes }) =>
    `it wrote more than ${sizeText(diskBytes)} to the disk, or the disk is nearly full. Remove what is not needed, and write less.`,
  files: (_args, { diskFiles }) => `it made more than ${diskFiles} files. Remove what is not needed, and make fewer.`,
};

function sizeText(bytes: number): string {
  const megabytes = bytes / 1024 ** 2;
  return megabytes >= 1024 ? `${Math.round((megabytes / 1024) * 10) / 10} GiB` : `${Math.round(megabytes)} MiB`;
}
