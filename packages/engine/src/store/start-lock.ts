import { randomUUID } from "node:crypto";
import { open, readFile, stat, unlink } from "node:fs/promises";
import type { Clock } from "../clock.ts";
import { isAlive } from "./postgres-process.ts";

/** Longer than any start; an older lock is of a holder that hangs, and PostgreSQL's own lock still guards the data. */
const STALE_MS = 180_000;
const POLL_MS = 20;

/** Tells locks of this process from those that an earlier process with the same number left behind. */
const PROCESS_TOKEN = randomUUID();

/**
 * Runs `work` while holding a lock file, so that two processes do not start the same database at once.
 *
 * `isDone` is asked while another holds the lock: as soon as it gives something, that is the answer and the lock
 * is no longer wanted.
 */
export async function withStartLock<T>(
  file: string,
  clock: Clock,
  isDone: () => Promise<T | undefined>,
  work: () => Promise<T>,
): Promise<T> {
  while (!(await take(file))) {
    const done = await isDone();
    if (done !== undefined) return done;
    await removeStale(file, clock);
    await clock.sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await unlink(file).catch(() => undefined);
  }
}

async function take(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o600);
    await handle.writeFile(`${process.pid} ${PROCESS_TOKEN}\n`);
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function removeStale(file: string, clock: Clock): Promise<void> {
  try {
    const [text, found] = await Promise.all([readFile(file, "utf8"), stat(file)]);
    const [processId, token] = text.trim().split(" ");
    const ageMs = clock.now() - found.mtimeMs;
    // An empty file is one that its holder is about to fill, unless the holder died just then.
    const isHeld =
      text === ""
        ? ageMs < STALE_MS / 60
        : token === PROCESS_TOKEN || (Number(processId) !== process.pid && isAlive(Number(processId)));
    if (isHeld && ageMs < STALE_MS) return;
    await unlink(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
