import { createHash, randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { AppError } from "@bureau/protocol";
import { MAX_GOAL_FILE_BYTES } from "../goals/goal-file.ts";
import { slug } from "../goals/goal-name.ts";
import { change, type Change } from "./change.ts";
import type { CommandParts } from "./parts.ts";

const MAX_NAME_TRIES = 100;
const TEMPORARY_HASH_LENGTH = 16;
/** The file's name and the hash of what was written. */
const TEMPORARY_NAME = /^\.(.+\.md)\.([0-9a-f]{16})\.[0-9a-f-]{36}\.tmp$/i;

export interface ReadGoalFile {
  text: string;
  hash: string;
}

export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A goal's file as it is kept: relative to the workspace with `/` where it lies in it, else absolute. */
export function storedPath(parts: CommandParts, path: string): string {
  const inside = relative(parts.workspace.folder, path);
  if (inside === "" || inside.startsWith("..") || isAbsolute(inside)) return path;
  return inside.split(sep).join("/");
}

export function absolutePath(parts: CommandParts, stored: string): string {
  return resolve(parts.workspace.folder, stored);
}

/** Reads a goal's file; null when it is not there. */
export async function readGoalFile(path: string): Promise<ReadGoalFile | null> {
  try {
    const { size } = await stat(path);
    if (size > MAX_GOAL_FILE_BYTES) {
      throw new AppError("too_large", `The goal file ${path} is larger than 256 kB.`, {
        hint: "Keep the brief short and put material in files beside it.",
      });
    }
    const text = await readFile(path, "utf8");
    return { text, hash: hashOf(text) };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error instanceof AppError ? error : fileFailed("read", path, error);
  }
}

/**
 * Keeps others from writing or taking up a goal's file until commit. Comes before every lock of rows.
 * Between our write of a file and our commit, a watcher would take it for an edit by hand.
 */
export async function lockGoalFile(change: Change, path: string): Promise<void> {
  await change.transaction.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`goal-file:${path}`]);
}

/** Chooses a name that no goal has, and no file in `folder` if one is given, and keeps it from others until commit. */
export async function chooseGoalName(
  change: Change,
  wish: string,
  folder: string | null,
): Promise<{ name: string; path: string }> {
  for (let count = 1; count <= MAX_NAME_TRIES; count += 1) {
    const name = count === 1 ? slug(wish) : `${slug(wish)}-${count}`;
    const path = folder === null ? "" : join(folder, `${name}.md`);
    await lockGoalFile(change, `name:${name}`);
    if (path !== "") await lockGoalFile(change, path);
    const { rows } = await change.transaction.query("SELECT 1 FROM goals WHERE name = $1", [name]);
    if (rows.length === 0 && (path === "" || !(await exists(path)))) return { name, path };
  }
  throw new AppError("conflict", `There are already ${MAX_NAME_TRIES} goals named like "${slug(wish)}".`, {
    hint: "Give this one a name of its own.",
  });
}

/**
 * Writes a new file whole or not at all, never over another, and takes it away again if the change fails.
 *
 * Until commit its second name stays beside it, by which `clearUnfinishedGoalFiles` knows it for ours if the process
 * dies in between.
 */
export async function createGoalFile(change: Change, path: string, text: string): Promise<void> {
  let temporary: string;
  try {
    await mkdir(dirname(path), { recursive: true });
    temporary = await writeTemporary(path, text);
    await link(temporary, path).catch(async (error: unknown) => {
      await unlink(temporary);
      throw error;
    });
  } catch (error) {
    throw fileFailed("write", path, error);
  }
  change.onRollback(async () => {
    await removeIfSame(path, text);
    await unlink(temporary).catch(ignoreMissing);
  });
  change.onCommit(() => unlink(temporary).catch(ignoreMissing));
}

/**
 * Takes away what processes that died while they wrote goal files left behind: files whose goal was never committed,
 * and copies that were not yet put in place. What a person has changed since stays.
 */
export async function clearUnfinishedGoalFiles(parts: CommandParts): Promise<void> {
  const { rows } = await parts.database.query<{ folder: string }>("SELECT folder FROM agents LIMIT 10000");
  for (const { folder } of rows) await clearFolder(parts, join(folder, "goals"));
}

async function clearFolder(parts: CommandParts, folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const found = TEMPORARY_NAME.exec(name);
    if (found === null) continue;
    const path = join(folder, found[1]!);
    await change(parts, async (change) => {
      // Whoever is writing it now holds this lock until commit.
      await lockGoalFile(change, path);
      const { rows } = await change.transaction.query("SELECT 1 FROM goals WHERE file = $1", [storedPath(parts, path)]);
      if (rows.length === 0 && (await isSameFile(join(folder, name), path, found[2]!))) await unlink(path);
      await unlink(join(folder, name)).catch(ignoreMissing);
    });
  }
}

/** Whether both names are of one file that still holds what was written under the second. */
async function isSameFile(temporary: string, path: string, hash: string): Promise<boolean> {
  const [one, other] = await Promise.all([temporary, path].map((name) => stat(name).catch(() => null)));
  if (!one || !other || one.ino !== other.ino || one.dev !== other.dev) return false;
  return (await readGoalFile(path))?.hash.startsWith(hash) === true;
}

/** Replaces a file whole or not at all, and puts the old text back if the change fails. */
export async function replaceGoalFile(change: Change, path: string, before: string, after: string): Promise<void> {
  await writeOver(path, after);
  change.onRollback(async () => {
    const now = await readGoalFile(path);
    if (now?.text === after) await writeOver(path, before);
  });
}

/** Resolves a goal file's path and checks that it lies in the workspace or in an agent's folder. */
export async function resolveGoalFile(parts: CommandParts, file: string): Promise<string> {
  const wanted = resolve(parts.workspace.folder, file);
  const path = await realpath(wanted).catch((error: unknown) => {
    if (isMissing(error)) throw new AppError("not_found", `There is no goal file ${wanted}.`, { cause: error });
    throw fileFailed("read", wanted, error);
  });
  const { rows } = await parts.database.query<{ folder: string }>("SELECT folder FROM agents LIMIT 10000");
  const folders = [parts.workspace.folder, ...rows.map((row) => row.folder)];
  if (folders.some((folder) => path.startsWith(`${folder}${sep}`))) return path;
  throw new AppError("invalid", `The goal file ${path} lies outside the workspace and every agent's folder.`, {
    hint: "Move it into a folder named goals, or add the folder that holds it with `bureau agent add`.",
  });
}

export function nameOfFile(path: string): string {
  return slug(basename(path).replace(/\.md$/i, ""));
}

async function writeOver(path: string, text: string): Promise<void> {
  try {
    await rename(await writeTemporary(path, text), path);
  } catch (error) {
    throw fileFailed("write", path, error);
  }
}

async function writeTemporary(path: string, text: string): Promise<string> {
  const mark = hashOf(text).slice(0, TEMPORARY_HASH_LENGTH);
  const temporary = join(dirname(path), `.${basename(path)}.${mark}.${randomUUID()}.tmp`);
  const file = await open(temporary, "wx", 0o644);
  try {
    await file.writeFile(text, "utf8");
    await file.sync();
  } catch (error) {
    await unlink(temporary);
    throw error;
  } finally {
    await file.close();
  }
  return temporary;
}

async function removeIfSame(path: string, text: string): Promise<void> {
  const now = await readGoalFile(path);
  if (now?.text === text) await unlink(path);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

function isMissing(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === "ENOENT" || code === "ENOTDIR";
}

function fileFailed(verb: "read" | "write", path: string, cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AppError(
    "unavailable",
    `The goal file ${path} cannot be ${verb === "read" ? "read" : "written"}: ${reason}.`,
    {
      hint: "Check the folder's permissions and that the disk has room.",
      cause,
    },
  );
}
