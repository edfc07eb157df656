import type { Check } from "@bureau/protocol";
import { durationText, parseDuration } from "../domain/duration.ts";
import type { CommandLimits, CommandResult } from "../sandbox/sandbox.ts";
import type { CheckContext, Found } from "./checker.ts";

const TIME_MS = 5 * 60_000;
const MAX_TIME_MS = 60 * 60_000;
const LIMITS: Omit<CommandLimits, "timeMs"> = {
  cpuSeconds: 600,
  memoryBytes: 2 * 1024 ** 3,
  processes: 256,
  outputBytes: 64 * 1024,
  fileBytes: 256 * 1024 ** 2,
  diskBytes: 2 * 1024 ** 3,
  diskFiles: 200_000,
};

/**
 * Runs the command in the agent's folder, inside the sandbox; exit status 0 verifies. A command that an earlier
 * process had started is found again by its id and not run a second time.
 */
export async function checkCommand(
  check: Extract<Check, { command: string }>,
  index: number,
  context: CheckContext,
): Promise<Found> {
  const { sandbox, signal } = context;
  const id = context.commandId(index);
  const timeMs = Math.min(parseDuration(check.timeout ?? "") ?? TIME_MS, MAX_TIME_MS);
  const found = await sandbox.find(id, { signal });
  if (found !== null) return verdict(found, timeMs);
  // The broker died in it: a check may be run again.
  await sandbox.forget(id);
  const state = await sandbox.state();
  if (!state.available) return { status: "blocked", detail: `No sandbox for commands: ${state.reason} ${state.hint}` };
  const result = await sandbox.run(
    { id, command: check.command, folder: context.folder, environment: {}, limits: { ...LIMITS, timeMs } },
    { signal },
  );
  return verdict(result, timeMs);
}

function verdict(result: CommandResult, timeMs: number): Found {
  const output = result.output.trim() === "" ? "" : `\n${result.output.trim()}`;
  if (result.exitCode === 0 && result.limit === null) return { status: "verified", detail: `Exit status 0.${output}` };
  if (result.limit === "time") {
    return { status: "unverified", detail: `Did not end within ${durationText(timeMs)}.${output}` };
  }
  if (result.limit !== null) return { status: "unverified", detail: `Ended by its ${result.limit} limit.${output}` };
  if (result.exitCode === null)
    return { status: "unverified", detail: `Ended by ${result.signal ?? "a signal"}.${output}` };
  return { status: "unverified", detail: `Exit status ${result.exitCode}.${output}` };
}
