import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Engine } from "@bureau/engine";
import type { Log } from "./app-parts.ts";

/** An editor may write a file in several steps, or twice: it is read once it has been still for this long. */
const STILL_MS = 300;
const STILL_POLL_MS = 100;
const MAX_AGENTS = 500;

/**
 * Takes up goal files that are written, changed or removed by hand, also those changed while Bureau was not running.
 *
 * Files are heard of, not looked at again and again. What could not be taken up is said once, and changes nothing.
 */
export async function watchGoals(engine: Engine, workspace: string, log: Log): Promise<{ stop(): Promise<void> }> {
  const { watch } = await import("chokidar");
  const folders = await goalFolders(engine, workspace);
  const watcher = watch(folders, {
    depth: 1,
    ignored: (path, stats) => stats?.isFile() === true && !isGoalFile(path),
    awaitWriteFinish: { stabilityThreshold: STILL_MS, pollInterval: STILL_POLL_MS },
    ignoreInitial: false,
    atomic: true,
  });
  let queue: Promise<void> = Promise.resolve();
  const look = (path: string) => {
    if (!isGoalFile(path)) return;
    queue = queue.then(() => takeUp(engine, path, log));
  };
  watcher.on("add", look).on("change", look).on("unlink", look);
  watcher.on("error", (error) => log("warn", `Goal files cannot be watched: ${String(error)}`));
  const unsubscribe = engine.onAgentAdded((folder) => void watcher.add(join(folder, "goals")));
  return {
    stop: async () => {
      unsubscribe();
      await watcher.close();
      await queue;
    },
  };
}

async function takeUp(engine: Engine, path: string, log: Log): Promise<void> {
  try {
    const report = await engine.syncGoalFile(path);
    for (const notice of report.notices) log("warn", `${path}: ${notice}`);
  } catch (error) {
    log("warn", `${path} was not taken up: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function goalFolders(engine: Engine, workspace: string): Promise<string[]> {
  const { agents } = await engine.listAgents({ limit: MAX_AGENTS });
  const folders = [workspace, ...agents.map((agent) => agent.folder)];
  const real = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
  return [...new Set(real)].map((folder) => join(folder, "goals"));
}

function isGoalFile(path: string): boolean {
  return basename(dirname(path)) === "goals" && /^[^.].*\.md$/i.test(basename(path));
}
