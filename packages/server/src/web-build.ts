import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";

const BUILD_MS = 5 * 60_000;
const MAX_OUTPUT_CHARACTERS = 4_000;

export interface WebBuildParts {
  /** Where the command runs. */
  root: string;
  /** Where the built app is. */
  folder: string;
  command: readonly [string, ...string[]];
  /** `PATH` of the command; nothing else of the environment is handed on but where its caches are. */
  searchPath: string;
  home: string | undefined;
  /** Whether what is built is of today's sources; that it is there, where absent. */
  isFresh?: () => Promise<boolean>;
  log: (message: string) => void;
  /** Ends a build that is at work. */
  signal: AbortSignal;
}

export type WebBuildState =
  | { type: "ready" }
  | { type: "building" }
  | { type: "failed"; command: string; folder: string };

/** The built web app: whether it is there, and how it gets there. */
export interface WebBuild {
  /** Begins a build where one is needed, once. Resolves at once, whatever the build does. */
  prepare(): Promise<WebBuildState>;
}

/** Builds the web app in a process of its own, at the first visit that finds it missing or old. */
export function createWebBuild(parts: WebBuildParts): WebBuild {
  const isFresh = parts.isFresh ?? (() => isThere(join(parts.folder, "index.html")));
  let state: Promise<WebBuildState> | null = null;
  const begin = async (): Promise<WebBuildState> => {
    if (await isFresh()) return { type: "ready" };
    void build(parts).then(
      () => (state = Promise.resolve({ type: "ready" })),
      async (error: Error) => {
        parts.log(`The web app could not be built: ${error.message}`);
        // An old one is better than none.
        const isOld = await isThere(join(parts.folder, "index.html"));
        state = Promise.resolve(isOld ? { type: "ready" } : failed(parts));
      },
    );
    return { type: "building" };
  };
  return {
    async prepare() {
      const now = await (state ??= begin());
      // Where it failed, a person may have built it since.
      if (now.type !== "failed" || !(await isFresh())) return now;
      return await (state = Promise.resolve({ type: "ready" }));
    },
  };
}

function failed({ command, root }: WebBuildParts): WebBuildState {
  return { type: "failed", command: command.join(" "), folder: root };
}

function build({ root, command: [program, ...args], searchPath, home, signal }: WebBuildParts): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: `${dirname(process.execPath)}:${searchPath}`, ...(home === undefined ? {} : { HOME: home }) },
      timeout: BUILD_MS,
      signal,
    });
    let output = "";
    const keep = (chunk: Buffer) => void (output = `${output}${chunk.toString()}`.slice(-MAX_OUTPUT_CHARACTERS));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", reject);
    child.once("close", (code, ended) => {
      if (code === 0) return resolve();
      reject(new Error(`it ended with ${code ?? ended ?? "nothing"}. ${output.trim()}`.trim()));
    });
  });
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
