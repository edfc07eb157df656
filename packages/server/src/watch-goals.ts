import { type FSWatcher, watch } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Engine, withReconnect } from "@bureau/engine";
import type { Log } from "./app-parts.ts";

/** An editor may write a file in several steps, or twice: it is read once it has been still for this long. */
const STILL_MS = 300;
/** A file that never is still is read all the same after this long. */
const MAX_UNREST_MS = 5_000;
const GOALS = "goals";
const MAX_AGENTS = 500;
const MAX_FILES = 10_000;

/** What watching goal files stands on. */
interface Watched {
  engine: Engine;
  log: Log;
  watchers: Map<string, FSWatcher>;
  /** Files that changed and are waited for to be still. */
  restless: Map<string, NodeJS.Timeout>;
  /** Files are taken up one after the other. */
  queue: Promise<void>;
  stopped: boolean;
}

/**
 * Takes up goal files that are written, changed or removed by hand, also those changed while Bureau was not running.
 *
 * Folders are watched, not files, so a thousand goals cost no more than one. What could not be taken up is said, and
 * changes nothing.
 */
export async function watchGoals(engine: Engine, workspace: string, log: Log): Promise<{ stop(): Promise<void> }> {
  const state: Watched = {
    engine,
    log,
    watchers: new Map(),
    restless: new Map(),
    queue: Promise.resolve(),
    stopped: false,
  };
  const { agents } = await withReconnect(() => engine.listAgents({ limit: MAX_AGENTS }));
  const folders = [workspace, ...agents.map((agent) => agent.folder)];
  const real = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
  const unsubscribe = engine.onAgentAdded((folder) => {
    if (watchAgent(state, folder)) settleAll(state, folder);
  });
  for (const folder of new Set(real)) watchAgent(state, folder);
  const found = (await Promise.all([...new Set(real)].map(goalFiles))).flat();
  const changed = await withReconnect(() => engine.changedGoalFiles(found));
  for (const path of changed) takeUp(state, path);
  return {
    stop: async () => {
      state.stopped = true;
      unsubscribe();
      for (const watcher of state.watchers.values()) watcher.close();
      for (const timer of state.restless.values()) clearTimeout(timer);
      await state.queue;
    },
  };
}

/** Watches an agent's folder for its goals folder to come, and that for its files. True when it has one. */
function watchAgent(state: Watched, folder: string): boolean {
  const goals = join(folder, GOALS);
  watchFolder(state, folder, (name) => {
    if (name !== GOALS) return;
    state.watchers.get(goals)?.close();
    state.watchers.delete(goals);
    // Files may have come between the folder and its watcher.
    if (watchGoalsFolder(state, goals)) settleAll(state, folder);
  });
  return watchGoalsFolder(state, goals);
}

function watchGoalsFolder(state: Watched, goals: string): boolean {
  return watchFolder(state, goals, (name) => {
    if (isGoalFile(name)) settle(state, join(goals, name), 0);
  });
}

function settleAll(state: Watched, folder: string): void {
  void goalFiles(folder).then((files) => {
    for (const file of files) settle(state, file, 0);
  });
}

/** False when there is no such folder. */
function watchFolder(state: Watched, folder: string, changed: (name: string) => void): boolean {
  if (state.stopped || state.watchers.has(folder)) return false;
  try {
    const watcher = watch(folder, (_type, name) => {
      if (name !== null) changed(name);
    });
    watcher.on("error", () => watcher.close());
    state.watchers.set(folder, watcher);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      state.log("warn", `${folder} cannot be watched: ${textOf(error)} Changes there are seen at the next start.`);
    }
    return false;
  }
}

/** Waits until a file has not been changed for a moment, then takes it up. */
function settle(state: Watched, path: string, unrestMs: number): void {
  clearTimeout(state.restless.get(path));
  if (state.stopped) return;
  const before = stampOf(path);
  const timer = setTimeout(() => {
    void Promise.all([before, stampOf(path)]).then(([first, last]) => {
      state.restless.delete(path);
      if (first !== last && unrestMs < MAX_UNREST_MS) settle(state, path, unrestMs + STILL_MS);
      else takeUp(state, path);
    });
  }, STILL_MS);
  state.restless.set(path, timer);
}

function takeUp(state: Watched, path: string): void {
  state.queue = state.queue.then(async () => {
    if (state.stopped) return;
    try {
      const report = await state.engine.syncGoalFile(path);
      for (const notice of report.notices) state.log("warn", `${path}: ${notice}`);
    } catch (error) {
      state.log("warn", `${path} was not taken up: ${textOf(error)}`);
    }
  });
}

/** The goal files of an agent's folder. */
async function goalFiles(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, GOALS)).catch(() => []);
  return names
    .filter(isGoalFile)
    .slice(0, MAX_FILES)
    .map((name) => join(folder, GOALS, name));
}

async function stampOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  return found === null ? "" : `${found.size}:${found.mtimeMs}:${found.ino}`;
}

function isGoalFile(name: string): boolean {
  return basename(name) === name && /^[^.].*\.md$/i.test(name);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
