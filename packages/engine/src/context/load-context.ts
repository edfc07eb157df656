import type { Stats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { findImports } from "./imports.ts";
import { cutText, readText, type ReadText } from "./read-text.ts";

/** Bytes of one file and of all together; what is beyond is cut with a notice. */
export const MAX_FILE_BYTES = 32 * 1024;
export const MAX_CONTEXT_BYTES = 96 * 1024;
const MAX_IMPORT_DEPTH = 5;
const MAX_IMPORTS = 50;
const MAX_PARENTS = 64;
const MAX_CACHED = 200;

/** In each folder the first of these that can be read is used. */
export const CONTEXT_FILES = ["AGENTS.override.md", "AGENTS.md", "CLAUDE.md"] as const;

export interface ContextPaths {
  /** The workspace's root. */
  workspace: string;
  /** The agent's folder, inside the workspace or anywhere else. */
  folder: string;
}

export interface ContextSource {
  /** As found, not resolved through links. */
  path: string;
  /** Size of the file, of which the text may hold less. */
  bytes: number;
  /** SHA-256 of the file's text as used. */
  hash: string;
}

export interface LoadedContext {
  sources: ContextSource[];
  /** The files one after the other, the nearest to the work last; each with its name. */
  text: string;
  /** What a person should know: what was cut, skipped or could not be read. */
  notices: string[];
}

/** Remembers what was loaded, with the state of each file that was looked for. */
export type ContextCache = Map<string, { stamps: Map<string, string>; loaded: LoadedContext }>;

export function createContextCache(): ContextCache {
  return new Map();
}

/**
 * Reads the context files that hold for a folder: from the workspace's root down to it. For a folder elsewhere: the
 * workspace root's file, then from the git root that encloses the folder down to it. Never rejects because of a
 * file: what is wrong with one becomes a notice.
 *
 * With a cache, files are only read again when one of them, or one that could come before them, has changed.
 */
export async function loadContext(paths: ContextPaths, cache?: ContextCache): Promise<LoadedContext> {
  const key = `${paths.workspace}\0${paths.folder}`;
  const cached = cache?.get(key);
  if (cached !== undefined && (await isUnchanged(cached.stamps))) return cached.loaded;

  const load = await startLoad(paths);
  for (const directory of load.directories) await loadDirectory(load, directory);
  const loaded = assemble(load);
  if (cache !== undefined) {
    cache.delete(key);
    const oldest = cache.size >= MAX_CACHED ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    cache.set(key, { stamps: load.stamps, loaded });
  }
  return loaded;
}

export interface ContextFileText extends ContextSource {
  /** Relative to the workspace where it lies in it. */
  shownAs: string;
  text: string;
}

/** The same files one by one, as they are read now. */
export async function loadContextFiles(
  paths: ContextPaths,
): Promise<{ files: ContextFileText[]; notices: readonly string[] }> {
  const load = await startLoad(paths);
  for (const directory of load.directories) await loadDirectory(load, directory);
  const files = load.files.map(({ path, shownAs, read }) => {
    const { bytes, hash, text } = read;
    return { path, shownAs, bytes, hash, text };
  });
  return { files, notices: load.notices };
}

interface LoadedFile {
  path: string;
  shownAs: string;
  /** 0 for a file of the chain. */
  depth: number;
  read: ReadText;
}

interface Load {
  workspace: string;
  directories: string[];
  /** Real paths of the folders that files may lie in. */
  roots: string[];
  files: LoadedFile[];
  /** Real paths of files already used. */
  seen: Set<string>;
  importCount: number;
  notices: string[];
  stamps: Map<string, string>;
}

async function startLoad(paths: ContextPaths): Promise<Load> {
  const workspace = resolve(paths.workspace);
  const folder = resolve(paths.folder);
  const stamps = new Map<string, string>();
  const directories = await chainOf(workspace, folder, stamps);
  const roots = await Promise.all([...directories].map((directory) => realpath(directory).catch(() => directory)));
  return { workspace, directories, roots, files: [], seen: new Set(), importCount: 0, notices: [], stamps };
}

/** Folders whose files hold, the farthest first, along the path as it is written and not as links resolve it. */
async function chainOf(workspace: string, folder: string, stamps: Map<string, string>): Promise<string[]> {
  if (isInside(workspace, folder)) return between(workspace, folder);
  const realWorkspace = await realpath(workspace).catch(() => workspace);
  if (isInside(realWorkspace, folder)) return between(realWorkspace, folder);
  return [workspace, ...between(await gitRoot(folder, stamps), folder)];
}

async function gitRoot(folder: string, stamps: Map<string, string>): Promise<string> {
  let directory = folder;
  for (let count = 0; count < MAX_PARENTS; count += 1) {
    if ((await look(join(directory, ".git"), stamps)) !== null) return directory;
    if (dirname(directory) === directory) break;
    directory = dirname(directory);
  }
  return folder;
}

function between(root: string, folder: string): string[] {
  const way = relative(root, folder);
  const directories = [root];
  for (const part of way === "" ? [] : way.split(sep)) directories.push(join(directories.at(-1) ?? root, part));
  return directories;
}

async function loadDirectory(load: Load, directory: string): Promise<void> {
  for (const name of CONTEXT_FILES) {
    const path = join(directory, name);
    const found = await look(path, load.stamps);
    if (found === null) continue;
    const shownAs = shownPath(load, path);
    if (!found.isFile()) {
      load.notices.push(`${shownAs} is ${found.isDirectory() ? "a folder" : "no regular file"} and was not read.`);
      continue;
    }
    if (await loadFile(load, { path, shownAs, depth: 0, found })) return;
  }
}

/** False when the file cannot be used, so that the next name is tried. */
async function loadFile(
  load: Load,
  file: { path: string; shownAs: string; depth: number; found: Stats },
): Promise<boolean> {
  const { path, shownAs, depth } = file;
  try {
    const real = await realpath(path);
    if (!load.roots.some((root) => isInside(root, real)) || isPrivate(real)) {
      load.notices.push(
        `${shownAs} is a link that leads out of the workspace and the agent's folder, and was not read.`,
      );
      return false;
    }
    if (load.seen.has(real)) return true;
    const read = await readText(real, MAX_FILE_BYTES);
    load.seen.add(real);
    if (read.lossy) load.notices.push(`${shownAs} is not valid UTF-8; unreadable characters were replaced.`);
    if (read.text.length > 0 || depth === 0) load.files.push({ path, shownAs, depth, read });
    if (read.cutAt !== null) load.notices.push(`${shownAs} is larger than 32 KiB; only its beginning is used.`);
    await loadImports(load, path, shownAs, read.text, depth);
    return true;
  } catch (error) {
    load.notices.push(`${shownAs} could not be read: ${error instanceof Error ? error.message : String(error)}.`);
    return false;
  }
}

async function loadImports(load: Load, from: string, shownFrom: string, text: string, depth: number): Promise<void> {
  for (const named of findImports(text)) {
    const path = resolve(dirname(from), named.path);
    const shownAs = shownPath(load, path);
    if (named.path.startsWith("~") || !load.directories.some((root) => isInside(root, path))) {
      if (named.clear)
        load.notices.push(
          `${shownFrom} imports ${named.path}, which lies outside the workspace and the agent's folder; it was not read.`,
        );
      continue;
    }
    if (isPrivate(path)) {
      load.notices.push(`${shownFrom} imports ${named.path}, which belongs to Bureau itself; it was not read.`);
      continue;
    }
    const found = await look(path, load.stamps);
    if (found === null || !found.isFile()) {
      if (named.clear)
        load.notices.push(
          `${shownFrom} imports ${named.path}, which ${found === null ? "does not exist" : "is no file"}.`,
        );
      continue;
    }
    if (depth >= MAX_IMPORT_DEPTH) {
      load.notices.push(
        `${shownFrom} imports ${named.path}; imports are followed ${MAX_IMPORT_DEPTH} deep, so it was not read.`,
      );
      continue;
    }
    if (load.importCount >= MAX_IMPORTS) {
      load.notices.push(`${shownFrom} imports ${named.path}; at most ${MAX_IMPORTS} imports are read.`);
      return;
    }
    load.importCount += 1;
    await loadFile(load, { path, shownAs, depth: depth + 1, found });
  }
}

/** Gives room to the files nearest to the work first, then to imports, and writes them in their order. */
function assemble(load: Load): LoadedContext {
  let room = MAX_CONTEXT_BYTES;
  const texts = new Map<LoadedFile, string>();
  const byImportance = load.files.toReversed().toSorted((a, b) => Math.min(a.depth, 1) - Math.min(b.depth, 1));
  for (const file of byImportance) {
    const bytes = Buffer.byteLength(file.read.text);
    if (bytes > room) load.notices.push(`${file.shownAs} was cut: context files are limited to 96 KiB in all.`);
    const text = bytes > room ? cutText(file.read.text, room) : file.read.text;
    texts.set(file, text);
    room -= Buffer.byteLength(text);
  }
  const sources: ContextSource[] = [];
  const parts: string[] = [];
  for (const file of load.files) {
    const text = (texts.get(file) ?? "").trim();
    sources.push({ path: file.path, bytes: file.read.bytes, hash: file.read.hash });
    if (text !== "") parts.push(`## ${file.shownAs}\n\n${text}`);
  }
  return { sources, text: parts.join("\n\n"), notices: load.notices };
}

function shownPath(load: Load, path: string): string {
  return isInside(load.workspace, path) ? relative(load.workspace, path).replaceAll("\\", "/") : path;
}

async function isUnchanged(stamps: ReadonlyMap<string, string>): Promise<boolean> {
  const same = await Promise.all([...stamps].map(async ([path, stamp]) => stampOf(await statOrNull(path)) === stamp));
  return same.every(Boolean);
}

async function look(path: string, stamps: Map<string, string>): Promise<Stats | null> {
  const found = await statOrNull(path);
  stamps.set(path, stampOf(found));
  return found;
}

function stampOf(found: Stats | null): string {
  // Of a folder only its being there counts: its times change with each file in it.
  if (found === null || found.isDirectory()) return found === null ? "missing" : "folder";
  return `${found.ino}:${found.size}:${found.mtimeMs}:${found.ctimeMs}`;
}

async function statOrNull(path: string): Promise<Stats | null> {
  return stat(path).catch(() => null);
}

/** Bureau's own data holds keys. */
function isPrivate(path: string): boolean {
  return path.split(sep).includes(".bureau");
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || (!isAbsolute(way) && way !== ".." && !way.startsWith(`..${sep}`));
}
