import { z } from "zod";
import type { CommandLimits, CommandResult } from "../sandbox/sandbox.ts";
import { defineTool } from "./tool.ts";
import type { ToolOutput } from "./tool.ts";

export const RUN_COMMAND = "run_command";

const DEFAULT_TIMEOUT_SECONDS = 120;
const MAX_TIMEOUT_SECONDS = 3600;
/** A command may use both cores of a small machine for all of its time. */
const CPU_SHARE = 2;
const MEMORY_BYTES = 2 * 1024 * 1024 * 1024;
const MAX_PROCESSES = 256;
const OUTPUT_BYTES = 16_000;
const FILE_BYTES = 1024 * 1024 * 1024;
const EXIT_AFTER_FILE_SIZE_SIGNAL = 128 + 25;

type Arguments = { command: string; timeout_seconds?: number | undefined };

/** Runs a command in the sandbox. Its call's id names the command, so a restart finds it instead of running it again. */
export const runCommand = defineTool<Arguments>({
  name: RUN_COMMAND,
  description:
    "Runs a bash command in the folder, in a sandbox without network that can write only the folder and /tmp. " +
    `Background processes end with the command. timeout_seconds: default ${DEFAULT_TIMEOUT_SECONDS}, at most ${MAX_TIMEOUT_SECONDS}.`,
  parameters: z.strictObject({
    command: z.string().min(1),
    timeout_seconds: z.number().int().min(1).max(MAX_TIMEOUT_SECONDS).optional(),
  }),
  effect: "write_workspace",
  idempotent: false,
  opens: () => "folder",
  writes: () => "folder",
  async execute(args, { toolCallId, folder, signal, sandbox, approved, onProgress }) {
    const limits = limitsFor(args);
    const request = { id: toolCallId, command: args.command, folder, environment: {}, limits };
    const result = await sandbox.run(request, {
      signal,
      unsandboxed: approved,
      ...(onProgress === undefined ? {} : { onOutput: onProgress }),
    });
    return outputOf(args, result);
  },
  async recover(args, { toolCallId, sandbox, signal }) {
    const result = await sandbox.find(toolCallId, { signal });
    return result === null ? null : outputOf(args, result);
  },
  forget: ({ toolCallId, sandbox }) => sandbox.forget(toolCallId),
  async needsApproval(_args, { sandbox }) {
    const state = await sandbox.state();
    if (state.available) return null;
    return `This command would run without isolation, able to read and change anything that Bureau's user can. ${state.reason} ${state.hint}`;
  },
});

function limitsFor(args: Arguments): CommandLimits {
  const seconds = args.timeout_seconds ?? DEFAULT_TIMEOUT_SECONDS;
  return {
    timeMs: seconds * 1000,
    cpuSeconds: seconds * CPU_SHARE,
    memoryBytes: MEMORY_BYTES,
    processes: MAX_PROCESSES,
    outputBytes: OUTPUT_BYTES,
    fileBytes: FILE_BYTES,
  };
}

function outputOf(args: Arguments, result: CommandResult): ToolOutput {
  const cut =
    result.droppedBytes > 0
      ? [
          `Output cut: ${result.droppedBytes} bytes dropped from its middle; run it again with a filter such as "| tail -n 100".`,
        ]
      : [];
  const output = result.output === "" ? "(no output)" : result.output.replace(/\n$/, "");
  return {
    text: [...endOf(args, result), ...cut, output].join("\n"),
    view: {
      type: "command",
      command: args.command,
      exitCode: result.exitCode,
      output: result.output,
      durationMs: result.durationMs,
    },
  };
}

/** How it ended, in words. */
function endOf(args: Arguments, result: CommandResult): string[] {
  const took = `${(result.durationMs / 1000).toFixed(result.durationMs < 10_000 ? 2 : 0)} s`;
  if (result.limit !== null) return [`Ended after ${took}: ${LIMIT_WORDS[result.limit](args)}`];
  const words = [
    result.exitCode === null
      ? `Ended by ${result.signal ?? "a signal"} after ${took}.`
      : `Exit code ${result.exitCode}, ${took}.`,
  ];
  if (result.exitCode === EXIT_AFTER_FILE_SIZE_SIGNAL) words.push("It was ended because a file grew beyond 1 GiB.");
  return words;
}

const LIMIT_WORDS: Record<NonNullable<CommandResult["limit"]>, (args: Arguments) => string> = {
  time: (args) => {
    const seconds = args.timeout_seconds ?? DEFAULT_TIMEOUT_SECONDS;
    return `it took longer than ${seconds} s. Give it less to do, or a longer timeout_seconds (at most ${MAX_TIMEOUT_SECONDS}).`;
  },
  cpu: () => "it used more processor time than it may. Give it less to do, or a longer timeout_seconds.",
  memory: () => "its processes used more than 2 GiB of memory together. Work on smaller pieces.",
  processes: () => `it started more than ${MAX_PROCESSES} processes. Start fewer at once.`,
  output: () => "it wrote far too much output. Write to a file, or filter it.",
};
