import { existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";
import { AppError, newId } from "@bureau/protocol";
import type { Clock } from "../clock.ts";
import { createBrokerClient } from "./broker-client.ts";
import type { Outcome } from "./broker-connection.ts";
import type { CommandPlan } from "./broker-protocol.ts";
import { createLinuxIsolation, missingBubblewrap, type Isolation } from "./linux-isolation.ts";
import { createMacosIsolation } from "./macos-isolation.ts";
import type { CommandLimits, CommandRequest, CommandResult, Sandbox, SandboxState } from "./sandbox.ts";
import { seccompFilter } from "./seccomp-filter.ts";
import { OutcomeUnknown } from "../tools/tool.ts";

export interface SandboxOptions {
  /** Bureau's own folder for commands; made when it is missing. No command sees it. */
  stateFolder: string;
  clock: Clock;
  log?: (message: string) => void;
  /** `PATH` of commands; programs on it outside the system are made visible, read-only. */
  searchPath?: string;
  home?: string;
  /** Where bubblewrap is, when it is not in one of the usual places. */
  bubblewrap?: string;
  /** More paths that no command may see: the workspace's database, keys. */
  hidden?: string[];
}

const SYSTEM_SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const PROBE_LIMITS: CommandLimits = {
  timeMs: 10_000,
  cpuSeconds: 10,
  memoryBytes: 512 * 1024 * 1024,
  processes: 64,
  outputBytes: 4096,
  fileBytes: 1024 * 1024,
  diskBytes: 1024 * 1024,
  diskFiles: 100,
};
const MAX_COMMAND_BYTES = 1024 * 1024;
const ENVIRONMENT_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Read by the loader or the shell before the sandbox is closed. */
const REFUSED_ENVIRONMENT =
  /^(LD_|DYLD_|BASH_FUNC_|GCONV_PATH$|BASH_ENV$|ENV$|SHELLOPTS$|BASHOPTS$|BUREAU_(TEXT|SCRIPT|COMMAND)$)/;
const FORBIDDEN_FOLDERS = new Set([
  "/",
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib64",
  "/etc",
  "/opt",
  "/proc",
  "/sys",
  "/dev",
  "/tmp",
  "/var",
  "/run",
]);

/** Commands in a sandbox where the machine has one; see `Sandbox` for what is promised. */
export function createSandbox(options: SandboxOptions): Sandbox {
  mkdirSync(options.stateFolder, { recursive: true, mode: 0o700 });
  const stateFolder = realpathSync(options.stateFolder);
  const searchPath = options.searchPath ?? `${SYSTEM_SEARCH_PATH}:${dirname(process.execPath)}`;
  const broker = createBrokerClient({ stateFolder, clock: options.clock });
  const log = options.log ?? (() => {});
  let isolation: Isolation | null = null;
  let known: Promise<SandboxState> | null = null;

  const probe = async (): Promise<SandboxState> => {
    isolation = createIsolation(options, stateFolder, searchPath);
    if (isolation === null) return missingIsolation();
    const { signal } = new AbortController();
    const folder = `${stateFolder}/probe`;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const request = { id: newId("request"), command: "true", folder, environment: {}, limits: PROBE_LIMITS };
    const outcome = await broker.start(request.id, await isolation.plan(request), { signal });
    await broker.forget(request.id);
    if (outcome.type === "refused") return isolation.explain(outcome.message);
    const { exitCode, output } = outcome.result;
    return exitCode === 0 ? { available: true, kind: isolation.kind } : isolation.explain(output);
  };

  const state = async (): Promise<SandboxState> => {
    const pending = (known ??= probe());
    const found = await pending.catch((error: unknown) => {
      if (known === pending) known = null;
      throw error;
    });
    if (!found.available && known === pending) {
      known = null;
      log(`${found.reason} ${found.hint}`);
    }
    return found;
  };

  const planOf = async (request: CommandRequest, unsandboxed: boolean): Promise<CommandPlan> => {
    const found = await state();
    if (found.available && isolation !== null) return isolation.plan(request);
    if (unsandboxed) return barePlan(request, searchPath);
    const reason = found.available ? "" : found.reason;
    throw new AppError("unavailable", `The command was not run, because it cannot be isolated. ${reason}`, {
      hint: found.available ? "" : found.hint,
    });
  };

  return {
    state,
    async run(request, { signal, unsandboxed, onOutput }) {
      signal.throwIfAborted();
      checkRequest(request);
      const plan = await planOf(request, unsandboxed === true);
      const outcome = await broker.start(request.id, plan, onOutput === undefined ? { signal } : { signal, onOutput });
      if (outcome.type === "refused" && outcome.reason === "failed") known = null;
      return resultOrThrow(request.id, outcome);
    },
    find: (id, { signal }) => broker.find(id, { signal }),
    forget: (id) => broker.forget(id),
    close: async () => broker.close(),
  };
}

function createIsolation(options: SandboxOptions, stateFolder: string, searchPath: string): Isolation | null {
  const home = realHome(options.home ?? homedir());
  const hidden = [stateFolder, ...(options.hidden ?? []).filter(existsSync).map((path) => realpathSync(path))];
  const filterFile = writeFilter(stateFolder);
  const common = { home, searchPath, hidden, filterFile, bubblewrap: options.bubblewrap };
  if (process.platform === "linux") return createLinuxIsolation(common);
  if (process.platform === "darwin")
    return createMacosIsolation({ ...common, temporaryFolder: `${stateFolder}/temporary` });
  return null;
}

function missingIsolation(): SandboxState {
  if (process.platform === "linux") return missingBubblewrap();
  return {
    available: false,
    reason: `Commands cannot be isolated on ${process.platform}.`,
    hint: "Run Bureau on Linux or macOS, or in the Linux subsystem of Windows.",
  };
}

function writeFilter(stateFolder: string): string | null {
  const filter = process.platform === "linux" ? seccompFilter(process.arch) : null;
  if (filter === null) return null;
  const path = `${stateFolder}/filter-${process.arch}.bpf`;
  writeFileSync(path, filter, { mode: 0o600 });
  return path;
}

/** Without isolation, but with the limits; only a person's yes to this exact command leads here. */
function barePlan(request: CommandRequest, searchPath: string): CommandPlan {
  return {
    kind: "group",
    program: "",
    arguments: [],
    scriptByEnvironment: false,
    pins: [],
    filterFile: null,
    command: request.command,
    environment: { PATH: searchPath, HOME: "/tmp", TMPDIR: "/tmp", LANG: "C.UTF-8", ...request.environment },
    workingFolder: request.folder,
    hiddenFolders: [],
    limits: request.limits,
    limitProcesses: false,
    folderIdentity: "",
    network: null,
  };
}

function checkRequest(request: CommandRequest): void {
  const bytes = Buffer.byteLength(request.command);
  if (bytes > MAX_COMMAND_BYTES) {
    throw new AppError("invalid", `The command is ${bytes} bytes long; the most is ${MAX_COMMAND_BYTES}.`, {
      hint: "Write it to a file in the folder and run that.",
    });
  }
  if (request.command.includes("\0")) throw new AppError("invalid", "The command holds a zero byte.");
  for (const name of Object.keys(request.environment)) {
    if (ENVIRONMENT_NAME.test(name) && !REFUSED_ENVIRONMENT.test(name)) continue;
    throw new AppError("invalid", `The environment variable ${JSON.stringify(name)} cannot be given to a command.`);
  }
  if (!existsSync(request.folder)) {
    throw new AppError("not_found", `The folder ${request.folder} does not exist.`, {
      hint: "Make it, or choose another.",
    });
  }
  const real = realpathSync(request.folder);
  if (
    real !== request.folder ||
    FORBIDDEN_FOLDERS.has(real) ||
    /^\/(usr|etc|proc|sys|dev|bin|sbin|lib\w*)\//.test(real)
  ) {
    throw new AppError("invalid", `Commands cannot work in ${request.folder}.`, {
      hint: real === request.folder ? "Choose a folder that is not the system's." : `Use its real path, ${real}.`,
    });
  }
}

function resultOrThrow(id: string, outcome: Outcome): CommandResult {
  if (outcome.type === "result") return outcome.result;
  if (outcome.reason === "failed") {
    throw new AppError("unavailable", `The command was not run: ${outcome.message}`, {
      hint: "Ask again; `bureau doctor` says what the sandbox lacks.",
    });
  }
  throw new OutcomeUnknown(`What became of command ${id} cannot be known. ${outcome.message}`, {
    hint: "Look at what it changed before running it again.",
  });
}

function realHome(home: string): string {
  return existsSync(home) ? realpathSync(home) : home;
}
