import { lstatSync, readdirSync, type Dirent, type Stats } from "node:fs";
import { statfs } from "node:fs/promises";
import type { CommandResult } from "./sandbox.ts";

/** What one command adds to the disk. */
export interface DiskWatch {
  /** The limit that the command has passed, or null. `seenBy` is a process of its sandbox, if there is one. */
  look(seenBy: number | null): Promise<Extract<CommandResult["limit"], "disk" | "files"> | null>;
}

export interface DiskWatchOptions {
  folder: string;
  /** Folders in it that the command does not see, and so does not write. */
  hidden: readonly string[];
  limits: { diskBytes: number; diskFiles: number };
  /** When the command began, in milliseconds of the wall clock. */
  since: number;
}

/** Below this the machine itself is in danger, and whatever command makes it worse is ended. */
const LOW_BYTES = 256 * 1024 ** 2;
const LOW_FILES = 10_000;
const WORSE_BYTES = 32 * 1024 ** 2;
const WORSE_FILES = 1_000;
/** Entries of the folder that are looked at in one measurement, and between two pauses of it. */
const MAX_ENTRIES = 400_000;
const ENTRIES_AT_ONCE = 1_000;
/** Clocks of file systems tick coarsely. */
const CLOCK_SLACK_MS = 1_000;
const BLOCK_BYTES = 512;
/** Folders of a sandbox that lie in memory: their bytes are bounded by their size, their files are not. */
const MEMORY_FOLDERS = ["/tmp", "/dev/shm"];

/**
 * Asks the file system what is free, which costs nothing; only when more is gone than the command may have taken is
 * the folder measured, for others write to the same disk. The first look is what later ones are compared with.
 */
export function createDiskWatch({ folder, hidden, limits, since }: DiskWatchOptions): DiskWatch {
  let first: Free | null = null;
  let suspectBytes = limits.diskBytes;
  let suspectFiles = limits.diskFiles;
  return {
    async look(seenBy) {
      if (seenBy !== null && (await filesInMemory(seenBy)) > limits.diskFiles) return "files";
      const free = await freeOf(folder);
      if (free === null) return null;
      first ??= free;
      const gone = { bytes: first.bytes - free.bytes, files: first.files - free.files };
      if (free.bytes < LOW_BYTES && gone.bytes > WORSE_BYTES) return "disk";
      if (free.countsFiles && free.files < LOW_FILES && gone.files > WORSE_FILES) return "files";
      if (gone.bytes <= suspectBytes && gone.files <= suspectFiles) return null;
      const written = await measure(folder, { hidden, limits, since: since - CLOCK_SLACK_MS });
      if (written.bytes > limits.diskBytes || !written.isWhole) return "disk";
      if (written.files > limits.diskFiles) return "files";
      // Others took it. The next measurement is worth its cost once as much again may have been written.
      suspectBytes = gone.bytes + Math.max(limits.diskBytes - written.bytes, limits.diskBytes / 4);
      suspectFiles = gone.files + Math.max(limits.diskFiles - written.files, limits.diskFiles / 4);
      return null;
    },
  };
}

interface Free {
  bytes: number;
  files: number;
  /** Some file systems have no bound of files and say 0. */
  countsFiles: boolean;
}

async function freeOf(folder: string): Promise<Free | null> {
  try {
    const { bfree, bsize, ffree, files } = await statfs(folder);
    return { bytes: bfree * bsize, files: ffree, countsFiles: files > 0 };
  } catch {
    return null; // The folder was removed meanwhile: nothing more can be written there.
  }
}

async function filesInMemory(pid: number): Promise<number> {
  let count = 0;
  for (const folder of MEMORY_FOLDERS) {
    const found = await statfs(`/proc/${pid}/root${folder}`).catch(() => null); // It ended meanwhile.
    if (found !== null) count += found.files - found.ffree;
  }
  return count;
}

/** What in the folder was written since; it ends early once that is more than the limits. No link is followed. */
async function measure(
  folder: string,
  { hidden, limits, since }: Omit<DiskWatchOptions, "folder">,
): Promise<{ bytes: number; files: number; isWhole: boolean }> {
  const found = { bytes: 0, files: 0, isWhole: true };
  const waiting = [folder];
  let seen = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of entriesOf(next)) {
      seen += 1;
      if (seen > MAX_ENTRIES) return { ...found, isWhole: false };
      if (seen % ENTRIES_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      const path = `${next}/${entry.name}`;
      if (hidden.includes(path)) continue;
      if (entry.isDirectory()) waiting.push(path);
      const stat = statOf(path);
      if (stat === null || stat.ctimeMs < since) continue;
      found.files += 1;
      found.bytes += stat.blocks * BLOCK_BYTES;
      if (found.bytes > limits.diskBytes || found.files > limits.diskFiles) return found;
    }
  }
  return found;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // It was removed meanwhile.
  }
}

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null; // It was removed meanwhile.
  }
}
