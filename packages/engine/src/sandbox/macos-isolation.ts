import { mkdirSync, realpathSync, statSync } from "node:fs";
import type { CommandPlan } from "./broker-protocol.ts";
import { HOME_SECRETS } from "./hidden-paths.ts";
import type { Isolation, IsolationOptions } from "./linux-isolation.ts";

const MAX_REMEMBERED_PROFILES = 100;
/** Read by the shell that the profile wraps; it comes through the environment, so nothing is pasted into a command. */
const SCRIPT = 'exec /bin/bash -c "$BUREAU_SCRIPT" bash';

/**
 * macOS: Seatbelt, with the profile that the sandbox library writes. The library is loaded on first use, and asked
 * once a folder: its profile names paths, so it stays right while the folder changes.
 */
export function createMacosIsolation(options: IsolationOptions & { temporaryFolder: string }): Isolation {
  const profiles = new Map<string, string>();
  return {
    kind: "seatbelt",
    explain: (message) => ({
      available: false,
      reason: `The macOS sandbox could not be started: ${message.split("\n")[0] ?? ""}`,
      hint: "Check that /usr/bin/sandbox-exec exists and that Bureau itself does not run inside a sandbox.",
    }),
    plan: async (request): Promise<CommandPlan> => {
      const { folder } = request;
      const identity = statSync(folder);
      mkdirSync(options.temporaryFolder, { recursive: true, mode: 0o700 });
      const temporary = realpathSync(options.temporaryFolder);
      let wrapped = profiles.get(folder);
      if (wrapped === undefined) {
        wrapped = await wrap(options, folder, temporary);
        if (profiles.size >= MAX_REMEMBERED_PROFILES) profiles.clear();
        profiles.set(folder, wrapped);
      }
      return {
        kind: "group",
        program: "/bin/bash",
        arguments: ["-c", wrapped],
        scriptByEnvironment: true,
        pins: [],
        filterFile: null,
        command: request.command,
        environment: {
          PATH: options.searchPath,
          HOME: temporary,
          TMPDIR: temporary,
          LANG: "en_US.UTF-8",
          ...request.environment,
        },
        workingFolder: folder,
        hiddenFolders: [],
        limits: request.limits,
        limitProcesses: false,
        folderIdentity: `${identity.dev}:${identity.ino}`,
        // The port of a proxy would be this machine's own here; hosts are not given on this system.
        network: null,
      };
    },
  };
}

/** Without `initialize` the library starts no proxy, and an empty list of hosts then closes the network wholly. */
async function wrap(options: IsolationOptions, folder: string, temporary: string): Promise<string> {
  const { SandboxManager } = await import("@anthropic-ai/sandbox-runtime");
  const secrets = HOME_SECRETS.map((name) => `${options.home}/${name}`);
  return SandboxManager.wrapWithSandbox(SCRIPT, "/bin/bash", {
    network: { allowedDomains: [], deniedDomains: [] },
    filesystem: {
      denyRead: [options.home, "/Volumes", "/private/tmp", "/private/var/db", ...options.hidden, ...secrets],
      allowRead: [folder, temporary, ...options.searchPath.split(":").filter((entry) => entry.startsWith("/"))],
      allowWrite: [folder, temporary],
      denyWrite: [...options.hidden, ...secrets, `${folder}/.git/hooks`, `${folder}/.git/config`],
    },
  });
}
