import { spawn } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

const BUILD_MS = 5 * 60_000;
const MAX_OUTPUT_CHARACTERS = 4_000;
const MAX_SOURCES = 5_000;
const INDEX = "index.html";
/** Written by a build as its last. */
const MARK = "build.json";

export interface WebBuildParts {
  /** Where the command runs. */
  root: string;
  /** Where the built app is. */
  folder: string;
  /** What is newer than the mark of the last build has it looked at again; what is built is left out. */
  sources: readonly string[];
  /** Builds, or finds that what is there is of today's sources. */
  command: readonly [string, ...string[]];
  /** What a person runs instead. */
  byHand: string;
  /** `PATH` of the command; nothing else of the environment is handed on but where its caches are. */
  searchPath: string;
  home: string | undefined;
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
  const isThere = async () => (await changedAt(join(parts.folder, INDEX))) > 0;
  let state: Promise<WebBuildState> | null = null;
  const begin = async (): Promise<WebBuildState> => {
    if ((await isThere()) && !(await isOlder(parts))) return { type: "ready" };
    void build(parts).then(
      () => (state = Promise.resolve({ type: "ready" })),
      async (error: Error) => {
        parts.log(`The web app could not be built: ${error.message}`);
        // An old one is better than none.
        state = Promise.resolve((await isThere()) ? { type: "ready" } : failed(parts));
      },
    );
    return { type: "building" };
  };
  return {
    async prepare() {
      const now = await (state ??= begin());
      // Where it failed, a person may have built it since.
      if (now.type !== "failed" || !(await isThere())) return now;
      return await (state = Promise.resolve({ type: "ready" }));
    },
  };
}

function failed({ byHand, root }: WebBuildParts): WebBuildState {
  return { type: "failed", command: byHand, folder: root };
}

/** Whether a source is newer than the last build. Its content is compared by the build itself. */
async function isOlder({ folder, sources }: WebBuildParts): Promise<boolean> {
  const builtAt = await changedAt(join(folder, MARK));
  for (const source of sources) {
    const entries = await readdir(source, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const own = files.filter((path) => !path.startsWith(folder) && !path.includes("/node_modules/"));
    for (const path of own.slice(0, MAX_SOURCES)) if ((await changedAt(path)) > builtAt) return true;
  }
  return false;
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

/** 0 where there is nothing. */
async function changedAt(path: string): Promise<number> {
  return await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
