import { isConnectionError, withReconnect } from "../store/database.ts";
import type { SecretGuard } from "../vault/secret-guard.ts";
import { driveRun } from "./drive-run.ts";
import { failRun, isOurs } from "./fail-run.ts";
import { type LoopParts, patience } from "./parts.ts";

/** How often a process drives one run whose work ends with errors, and the pause before it takes it up again. */
const MAX_DRIVES = 10;
const PAUSE_MS = 250;

/**
 * Drives a run and does not let go of it before it waits, ended, or belongs to another process.
 *
 * A fault of ours neither takes the process down nor leaves a run that looks as if it were at work: the run fails, and
 * says why. After a lost connection, and where not even the failure could be written, this process takes the run up
 * again from its journal. Each time is an attempt, so a run that comes no further is a `crash_loop` soon, and one
 * that does not even come to that fails after ten. Rejects when the process is to end, or when nothing can be written.
 */
export async function keepDriving(
  parts: LoopParts,
  guard: Pick<SecretGuard, "redactError">,
  runId: string,
  dispatch: number,
): Promise<void> {
  for (let drive = 1; ; drive += 1) {
    try {
      await driveRun(parts, runId, dispatch);
      return;
    } catch (fault) {
      const isLast = drive >= MAX_DRIVES;
      const error = await failOrLeave(parts, runId, guard.redactError(fault), isLast);
      if (error === null) return;
      if (isLast || parts.signals.stopping) throw error;
      parts.log("warn", `${runId} is taken up again: ${error.message}`);
      await parts.clock.sleep(PAUSE_MS, parts.signals.stopped);
    }
  }
}

/** Null when the run has failed by now, else the error for which it has not. */
async function failOrLeave(parts: LoopParts, runId: string, fault: unknown, isLast: boolean): Promise<Error | null> {
  const error = fault instanceof Error ? fault : new Error(String(fault));
  if (parts.signals.stopping || (isConnectionError(error) && !isLast)) return error;
  if (isOurs(error)) parts.log("error", `Driving ${runId} failed: ${error.stack ?? error.message}`);
  try {
    // Written twice it is the same: the second time there is no such run at work any more.
    await withReconnect(() => failRun(parts, runId, error), patience(parts));
    return null;
  } catch (failure) {
    return failure instanceof Error ? failure : new Error(String(failure));
  }
}
