import { constants } from "node:fs";
import { lstat, open, readlink, realpath, type FileHandle } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { AppError } from "@bureau/protocol";

/** What lies at a path of the agent's folder. */
export type Inside =
  | { type: "missing" }
  | { type: "file"; path: string; handle: FileHandle; bytes: number; changedMs: number }
  | { type: "folder"; path: string }
  /** A socket, device or pipe. */
  | { type: "other"; path: string };

/**
 * Opens a path for reading, only inside the folder: neither `..` nor a link leads out. The caller closes the handle.
 * Throws `forbidden` for a path outside. What is opened is what was judged: the opened file's own path is looked up.
 */
export async function openInside(folder: string, path: string): Promise<Inside> {
  const root = await realpath(folder);
  const wanted = resolve(root, path);
  if (!isInside(root, wanted) || path.includes("\0")) throw outside(path);
  let handle: FileHandle;
  try {
    const real = await realpath(wanted);
    if (!isInside(root, real)) throw outside(path);
    const kind = await lstat(real);
    if (kind.isDirectory()) return { type: "folder", path: real };
    if (!kind.isFile()) return { type: "other", path: real };
    handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return { type: "missing" };
    throw error;
  }
  try {
    const opened = await pathOf(handle);
    if (opened !== null && !isInside(root, opened)) throw outside(path);
    const stat = await handle.stat();
    if (stat.isFile()) {
      return {
        type: "file",
        path: relative(root, opened ?? wanted),
        handle,
        bytes: stat.size,
        changedMs: stat.mtimeMs,
      };
    }
    await handle.close();
    return { type: "other", path: wanted };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || (!isAbsolute(way) && way !== ".." && !way.startsWith(`..${sep}`));
}

/** Where an opened file lies, against a folder that was swapped for a link in between; null where no system tells. */
async function pathOf(handle: FileHandle): Promise<string | null> {
  if (process.platform !== "linux") return null;
  return readlink(join("/proc/self/fd", String(handle.fd))).catch(() => null);
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR";
}

function outside(path: string): AppError {
  return new AppError("forbidden", `The path ${JSON.stringify(path)} leads out of the agent's folder.`, {
    hint: "Name a file inside the folder.",
  });
}
