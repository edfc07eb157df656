import type { CommandPlan } from "./broker-protocol.ts";
import { startCommandProcess, type CommandProcess } from "./command-process.ts";

/**
 * Sandboxes that are ready and wait for a command: making one takes longer than most commands.
 *
 * Each serves one command, of the plan it was made for, so nothing passes from one command to the next.
 */
export interface SpareSandboxes {
  /** Makes one for the next command like this one, unless there is one. */
  prepare(plan: CommandPlan): void;
  take(plan: CommandPlan): CommandProcess | null;
  close(): void;
}

interface Spare {
  key: string;
  process: CommandProcess;
  expiry: NodeJS.Timeout;
}

const MAX_SPARES = 2;
const LIFETIME_MS = 20_000;

export function createSpareSandboxes(): SpareSandboxes {
  const spares: Spare[] = [];

  const remove = (wanted: CommandProcess): boolean => {
    const position = spares.findIndex((spare) => spare.process === wanted);
    if (position === -1) return false;
    clearTimeout(spares[position]!.expiry);
    spares.splice(position, 1);
    return true;
  };

  return {
    prepare(plan) {
      const key = keyOf(plan);
      if (plan.kind !== "namespace" || spares.length >= MAX_SPARES || spares.some((spare) => spare.key === key)) return;
      const prepared = startQuietly(plan);
      if (prepared === null) return;
      const drop = () => {
        if (remove(prepared)) end(prepared);
      };
      prepared.child.once("exit", drop);
      spares.push({ key, process: prepared, expiry: setTimeout(drop, LIFETIME_MS) });
    },
    take(plan) {
      const key = keyOf(plan);
      const spare = spares.find((candidate) => candidate.key === key);
      if (spare === undefined) return null;
      remove(spare.process);
      const { child } = spare.process;
      child.removeAllListeners("exit");
      if (child.exitCode === null && child.signalCode === null) return spare.process;
      end(spare.process);
      return null;
    },
    close() {
      for (const spare of spares.splice(0)) {
        clearTimeout(spare.expiry);
        end(spare.process);
      }
    },
  };
}

function end({ child, door }: CommandProcess): void {
  door?.close();
  child.kill("SIGKILL");
}

/** Everything that is fixed before a command begins. */
function keyOf(plan: CommandPlan): string {
  return JSON.stringify({ ...plan, command: "", limits: { ...plan.limits, timeMs: 0, outputBytes: 0 } });
}

function startQuietly(plan: CommandPlan): CommandProcess | null {
  try {
    const prepared = startCommandProcess(plan, "");
    prepared.child.once("error", () => {}); // A spare that cannot be had is done without.
    return prepared;
  } catch {
    return null;
  }
}
