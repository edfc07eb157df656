import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { release } from "node:os";
import { PERSONS_NAMES } from "../domain/persons-files.ts";
import { FOLDER_SOURCE, type CommandPlan, type Pin } from "./broker-protocol.ts";
import {
  coverInside,
  hiddenPaths,
  homeInSystem,
  isInside,
  programFolders,
  systemSecrets,
  type Covers,
} from "./hidden-paths.ts";
import { networkArguments, networkEnvironment, networkOf } from "./network-plan.ts";
import type { CommandRequest, SandboxState } from "./sandbox.ts";

/** What a machine's sandbox is made from. */
export interface IsolationOptions {
  /** The person's home; what it holds is not seen, except programs on the search path. */
  home: string;
  /** `PATH` of commands. Folders on it that are outside the system are seen, read-only. */
  searchPath: string;
  /** Absolute, real paths that no command may see, also where they are inside its folder. */
  hidden: string[];
  /** Where bubblewrap is, when it is not in one of the usual places. */
  bubblewrap?: string | undefined;
  /** The filter's file, or null where none exists for this processor. */
  filterFile: string | null;
}

export interface Isolation {
  kind: string;
  plan(request: CommandRequest): Promise<CommandPlan>;
  /** Says in words why nothing ran, from what the sandbox wrote. */
  explain(message: string): Extract<SandboxState, { available: false }>;
}

/** More agents than these in one workspace are not looked at for each command. */
const MAX_AGENT_FOLDERS = 200;
const SYSTEM_FOLDERS = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/etc",
  "/opt",
  "/nix/store",
  "/gnu/store",
];
/** Read by the person's own shell and tools, outside any sandbox. */
const HOME_STARTUP_FILES = [".bashrc", ".bash_profile", ".profile", ".zshrc", ".zprofile", ".zshenv", ".gitconfig"];
const TEMPORARY_BYTES = 512 * 1024 * 1024;
const SHARED_MEMORY_BYTES = 64 * 1024 * 1024;
/** From this kernel on, the process limit counts within one user namespace. */
const KERNEL_WITH_OWN_PROCESS_COUNT = 5.14;

/**
 * Linux: bubblewrap with an allow list. Only system folders, the programs on the search path and the folder exist in
 * there; nothing else of the disk does. There is no network, no unix socket, no other process and no capability.
 */
export function createLinuxIsolation(options: IsolationOptions): Isolation | null {
  const program = findBubblewrap(options);
  if (program === null) return null;
  let system: { view: SystemView; hidden: string[] } | undefined;
  const limitProcesses = process.getuid?.() !== 0 && kernelVersion() >= KERNEL_WITH_OWN_PROCESS_COUNT;
  return {
    kind: "bubblewrap",
    explain: explainLinux,
    plan: async (request) => {
      system ??= viewOfSystem(options);
      const holdsHome = request.folder === options.home || isInside(options.home, request.folder);
      const hidden = holdsHome ? hiddenPaths(options) : system.hidden;
      const { folder, hosts = [] } = request;
      const identity = statSync(folder);
      const covers = coverInside(folder, folder, hidden);
      const sealed = [...system.view.sealed.filter((path) => path !== folder), ...covers.folders, "/"];
      return {
        kind: "namespace",
        program,
        arguments: [
          ...system.view.words,
          "--bind",
          FOLDER_SOURCE,
          folder,
          ...covers.mounts,
          ...networkArguments(hosts),
          ...sealed.flatMap((path) => ["--remount-ro", path]),
          "--chdir",
          folder,
        ],
        scriptByEnvironment: false,
        pins: pinsOf(folder, options.home),
        filterFile: options.filterFile,
        command: request.command,
        environment: {
          PATH: options.searchPath,
          HOME: "/tmp",
          TMPDIR: "/tmp",
          LANG: "C.UTF-8",
          ...networkEnvironment(hosts),
          ...request.environment,
        },
        workingFolder: folder,
        hiddenFolders: covers.folders,
        limits: request.limits,
        limitProcesses,
        folderIdentity: `${identity.dev}:${identity.ino}`,
        network: networkOf(hosts),
      };
    },
  };
}

/** What to say where bubblewrap is not installed. */
export function missingBubblewrap(): Extract<SandboxState, { available: false }> {
  return {
    available: false,
    reason: "bubblewrap, which isolates commands, is not installed on this machine.",
    hint: `Install it: ${installCommand("bubblewrap")}`,
  };
}

interface SystemView {
  words: string[];
  /** Empty folders in place of hidden ones; closed when everything that is seen lies in its place. */
  sealed: string[];
}

function viewOfSystem(options: IsolationOptions): { view: SystemView; hidden: string[] } {
  const hidden = hiddenPaths(options);
  return { view: systemView(options, hidden), hidden };
}

function systemView(options: IsolationOptions, hidden: string[]): SystemView {
  const words = ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--new-session"];
  words.push("--die-with-parent", "--cap-drop", "ALL");
  if (options.filterFile !== null) words.push("--seccomp", "3");
  const sealed: string[] = [];
  const cover = ({ mounts, folders }: Covers) => {
    words.push(...mounts);
    sealed.push(...folders);
  };
  for (const folder of SYSTEM_FOLDERS) {
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) words.push("--symlink", readlinkSync(folder), folder);
    if (!stat?.isDirectory()) continue;
    words.push("--ro-bind", folder, folder);
    cover(coverInside(folder, folder, [...hidden, ...systemSecrets(), ...homeInSystem(options.home)]));
  }
  words.push("--proc", "/proc", "--dev", "/dev");
  words.push("--size", String(SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm", "--remount-ro", "/dev");
  words.push("--size", String(TEMPORARY_BYTES), "--tmpfs", "/tmp", "--symlink", "/tmp", "/var/tmp");
  for (const { folder, real } of programFolders({ ...options, hidden, systemFolders: SYSTEM_FOLDERS })) {
    words.push("--ro-bind", real, folder);
    cover(coverInside(folder, real, hidden));
  }
  return { words, sealed };
}

/**
 * What a person's own git and shell would run from the folder later, outside any sandbox, and what says what is wanted
 * and allowed: seen, but not written. `.git` itself is pinned, so that it cannot be moved away and replaced.
 */
function pinsOf(folder: string, home: string): Pin[] {
  const pins: Pin[] = [];
  const kind = (path: string) => lstatSync(path, { throwIfNoEntry: false });
  const git = kind(`${folder}/.git`);
  if (git?.isFile()) pins.push({ option: "--ro-bind", folder, names: [".git"] });
  if (git?.isDirectory()) {
    pins.push({ option: "--bind", folder, names: [".git"] });
    const hooks = kind(`${folder}/.git/hooks`)?.isDirectory() === true;
    pins.push({ option: hooks ? "--ro-bind" : "--tmpfs", folder, names: [".git", "hooks"] });
    if (kind(`${folder}/.git/config`)?.isFile()) pins.push({ option: "--ro-bind", folder, names: [".git", "config"] });
  }
  for (const path of personsPaths(folder)) pins.push({ option: "--ro-bind", folder, names: path });
  if (folder !== home) return pins;
  for (const name of HOME_STARTUP_FILES) {
    if (kind(`${folder}/${name}`)?.isFile()) pins.push({ option: "--ro-bind", folder, names: [name] });
  }
  return pins;
}

/** The files and folders that are there and only a person writes, as names from the folder down. */
function personsPaths(folder: string): string[][] {
  const agents = readNames(`${folder}/agents`).map((name) => ["agents", name]);
  return [[], ...agents].flatMap((place) =>
    PERSONS_NAMES.map((name) => [...place, name]).filter((path) => {
      const stat = lstatSync([folder, ...path].join("/"), { throwIfNoEntry: false });
      return stat?.isDirectory() === true || stat?.isFile() === true;
    }),
  );
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder).slice(0, MAX_AGENT_FOLDERS);
  } catch {
    return [];
  }
}

function findBubblewrap({ bubblewrap, searchPath }: IsolationOptions): string | null {
  const folders = [...searchPath.split(":"), "/usr/bin", "/usr/local/bin", "/bin"];
  const places = bubblewrap === undefined ? folders.map((folder) => `${folder}/bwrap`) : [bubblewrap];
  return places.find((place) => place.startsWith("/") && existsSync(place)) ?? null;
}

function explainLinux(message: string): Extract<SandboxState, { available: false }> {
  const reason = `bubblewrap could not make a sandbox: ${message.split("\n")[0] ?? ""}`;
  if (!existsSync("/bin/bash")) {
    return { available: false, reason: "/bin/bash, which runs commands, is missing.", hint: installCommand("bash") };
  }
  if (existsSync("/.dockerenv") || existsSync("/run/.containerenv")) {
    const hint =
      "This is a container: start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined.";
    return { available: false, reason, hint };
  }
  if (readSetting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1") {
    return { available: false, reason, hint: "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" };
  }
  if (readSetting("/proc/sys/kernel/unprivileged_userns_clone") === "0") {
    return { available: false, reason, hint: "sudo sysctl -w kernel.unprivileged_userns_clone=1" };
  }
  if (readSetting("/proc/sys/user/max_user_namespaces") === "0") {
    return { available: false, reason, hint: "sudo sysctl -w user.max_user_namespaces=10000" };
  }
  return { available: false, reason, hint: `Reinstall it: ${installCommand("bubblewrap")}` };
}

function installCommand(name: string): string {
  const text = readSetting("/etc/os-release") ?? "";
  const family = `${/^ID=(.*)$/m.exec(text)?.[1] ?? ""} ${/^ID_LIKE=(.*)$/m.exec(text)?.[1] ?? ""}`;
  if (/fedora|rhel|centos/.test(family)) return `sudo dnf install ${name}`;
  if (/arch/.test(family)) return `sudo pacman -S ${name}`;
  if (/alpine/.test(family)) return `sudo apk add ${name}`;
  if (/suse/.test(family)) return `sudo zypper install ${name}`;
  return `sudo apt-get install ${name}`;
}

function readSetting(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
}

function kernelVersion(): number {
  const [major = "0", minor = "0"] = release().split(".");
  return Number(major) + Number(minor) / 100;
}
