import { realpath } from "node:fs/promises";
import { isAbsolute, relative, sep } from "node:path";
import { readText } from "./read-text.ts";

/** The workspace's folder and an agent's, which may lie elsewhere. Both are absolute. */
export interface Places {
  workspace: string;
  folder: string;
}

/** The text of a file, where neither it nor a link on its way leads out of the places or into Bureau's own folder. */
export async function readWithin(
  places: Places,
  path: string,
  maxBytes: number,
): Promise<{ ok: true; text: string; bytes: number; isCut: boolean } | { ok: false; problem: string }> {
  try {
    const real = await realpath(path);
    const roots = await Promise.all([places.workspace, places.folder].map((root) => realpath(root)));
    if (!roots.some((root) => isWithin(root, real)) || real.split(sep).includes(".bureau")) {
      return { ok: false, problem: "It is a link that leads out of the workspace, and was not read." };
    }
    const { text, bytes, cutAt } = await readText(real, maxBytes);
    return { ok: true, text, bytes, isCut: cutAt !== null };
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    return { ok: false, problem: `It could not be read${typeof code === "string" ? ` (${code})` : ""}.` };
  }
}

/** Relative to the workspace where it lies in it, with forward slashes; else as it is. */
export function shownPath({ workspace }: Places, path: string): string {
  return isWithin(workspace, path) ? relative(workspace, path).replaceAll("\\", "/") : path;
}

function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || (!isAbsolute(way) && way !== ".." && !way.startsWith(`..${sep}`));
}
