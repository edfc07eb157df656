import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../clock.ts";
import { createSandbox, type SandboxOptions } from "./create-sandbox.ts";
import { BROKER_PROTOCOL } from "./broker-protocol.ts";
import type { CommandLimits, CommandRequest, CommandResult, Sandbox } from "./sandbox.ts";

/** Why tests of a real sandbox cannot run on this machine, or null. */
export const noSandboxReason =
  process.platform !== "linux"
    ? "these tests are written for Linux"
    : existsSync("/usr/bin/bwrap")
      ? null
      : "bubblewrap is not installed";

export const TEST_LIMITS: CommandLimits = {
  timeMs: 15_000,
  cpuSeconds: 15,
  memoryBytes: 256 * 1024 * 1024,
  processes: 40,
  outputBytes: 20_000,
  fileBytes: 8 * 1024 * 1024,
  diskBytes: 64 * 1024 * 1024,
  diskFiles: 5000,
};

export interface TestSandbox {
  sandbox: Sandbox;
  root: string;
  folder: string;
  stateFolder: string;
  run(command: string, changes?: Partial<CommandRequest>, options?: RunOptions): Promise<CommandResult>;
  /** Pid of the broker, or null when none runs. */
  brokerPid(): number | null;
  close(): Promise<void>;
}

export interface RunOptions {
  signal?: AbortSignal;
  unsandboxed?: boolean;
  onOutput?: (text: string) => void;
}

let count = 0;

/** A sandbox of its own, with its own broker, gone after `close`. */
export function aSandbox(options: Partial<SandboxOptions> = {}): TestSandbox {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "bureau-sandbox-")));
  const folder = join(root, "folder");
  const stateFolder = options.stateFolder ?? join(root, "state");
  mkdirSync(folder);
  const sandbox = createSandbox({ clock: systemClock, ...options, stateFolder });
  return {
    sandbox,
    root,
    folder,
    stateFolder,
    run: (command, changes = {}, { signal = new AbortController().signal, ...rest } = {}) => {
      count += 1;
      const request = { id: `job-${count}`, command, folder, environment: {}, limits: TEST_LIMITS, ...changes };
      return sandbox.run(request, { signal, ...rest });
    },
    brokerPid: () => brokerOf(stateFolder),
    async close() {
      await sandbox.close();
      const pid = brokerOf(stateFolder);
      if (pid !== null) process.kill(pid, "SIGKILL");
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Pids of processes whose command line holds the text; zombies have none. */
export function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => commandLine(name).includes(text))
    .map(Number);
}

/** Waits until something is so, looking again and again for at most the given time. */
export async function until(isSo: () => boolean, limitMs = 5000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`It was still not so after ${limitMs} ms: ${isSo.toString()}`);
    await systemClock.sleep(10);
  }
}

function brokerOf(stateFolder: string): number | null {
  return processesWith(`broker-${BROKER_PROTOCOL}.sock\0${stateFolder}\0`)[0] ?? null;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // It ended meanwhile.
  }
}
