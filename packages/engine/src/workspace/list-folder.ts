import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

/** Entries that are looked at unless said otherwise; of a larger folder, the nearest ones. */
const MAX_ENTRIES = 5000;
const MAX_DEPTH = 12;
/** Looked up at once; each is a task of the file system's few threads. */
const PARALLEL = 32;
const IGNORED = new Set([".git", "node_modules", ".bureau", ".venv", "__pycache__", ".cache"]);

export interface FolderEntry {
  /** Relative to the folder, with forward slashes. */
  path: string;
  type: "file" | "folder" | "link" | "other";
  bytes: number;
  changedMs: number;
}

export interface FolderListing {
  entries: FolderEntry[];
  /** True when there is more than was looked at. */
  cut: boolean;
}

/**
 * Files and folders under a folder, nearest first, bounded, without version control, dependencies and
 * Bureau's own data. Links are listed and not followed.
 */
export async function listFolder(folder: string, options: { maxEntries?: number } = {}): Promise<FolderListing> {
  const maxEntries = options.maxEntries ?? MAX_ENTRIES;
  const entries: FolderEntry[] = [];
  let level = [""];
  let cut = false;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= MAX_DEPTH) return { entries, cut: true };
    const next: string[] = [];
    for (const path of level) {
      const names = await namesIn(join(folder, path), maxEntries - entries.length);
      cut ||= names.cut;
      const found = await lookUp(folder, path, names.names);
      for (const entry of found) {
        entries.push(entry);
        if (entry.type === "folder") next.push(entry.path);
      }
      if (entries.length >= maxEntries) return { entries, cut: true };
    }
    level = next;
  }
  return { entries, cut };
}

async function namesIn(folder: string, room: number): Promise<{ names: string[]; cut: boolean }> {
  const names: string[] = [];
  try {
    const directory = await opendir(folder, { bufferSize: 256 });
    for await (const entry of directory) {
      if (IGNORED.has(entry.name)) continue;
      // Leaving the loop closes the directory.
      if (names.length >= room) return { names: names.toSorted(), cut: true };
      names.push(entry.name);
    }
  } catch {
    // A folder that vanished or cannot be read has nothing to tell.
  }
  return { names: names.toSorted(), cut: false };
}

async function lookUp(folder: string, parent: string, names: readonly string[]): Promise<FolderEntry[]> {
  const entries: FolderEntry[] = [];
  for (let start = 0; start < names.length; start += PARALLEL) {
    const found = await Promise.all(
      names.slice(start, start + PARALLEL).map(async (name): Promise<FolderEntry | null> => {
        const path = parent === "" ? name : `${parent}/${name}`;
        const stat = await lstat(join(folder, path)).catch(() => null);
        if (stat === null) return null;
        const type = stat.isFile() ? "file" : stat.isDirectory() ? "folder" : stat.isSymbolicLink() ? "link" : "other";
        return { path, type, bytes: stat.size, changedMs: stat.mtimeMs };
      }),
    );
    for (const entry of found) if (entry !== null) entries.push(entry);
  }
  return entries;
}
