import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AgentMemory, MemoryFile } from "@bureau/protocol";
import { type Places, readWithin, shownPath } from "./folder-files.ts";

const MAX_FILES = 500;
const MAX_DEPTH = 3;
const TITLE_BYTES = 2 * 1024;
const TITLE_CHARACTERS = 200;

/** The Markdown files in the `memory` folders of the agent and the workspace, by path. Links are not followed. */
export async function listMemory(places: Places): Promise<AgentMemory> {
  const files: MemoryFile[] = [];
  const notices: string[] = [];
  const roots: [string, MemoryFile["scope"]][] = [[places.workspace, "workspace"]];
  if (places.folder !== places.workspace) roots.push([places.folder, "agent"]);
  for (const [root, scope] of roots) {
    const found = await filesIn(join(root, "memory"), MAX_DEPTH);
    const room = MAX_FILES - files.length;
    if (found.length > room) notices.push(`There are more than ${MAX_FILES} files; the others are not listed.`);
    for (const path of found.slice(0, room)) {
      const file = await memoryFile(places, path, scope);
      if (file !== null) files.push(file);
    }
  }
  return { files, notices };
}

async function filesIn(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    if (entry.name.startsWith(".") || found.length > MAX_FILES) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth > 1) found.push(...(await filesIn(path, depth - 1)));
    else if (entry.isFile() && /\.(md|markdown|txt)$/i.test(entry.name)) found.push(path);
  }
  return found;
}

async function memoryFile(places: Places, path: string, scope: MemoryFile["scope"]): Promise<MemoryFile | null> {
  const [read, found] = await Promise.all([readWithin(places, path, TITLE_BYTES), stat(path).catch(() => null)]);
  if (!read.ok || found === null) return null;
  return {
    path: shownPath(places, path),
    title: titleOf(read.text),
    bytes: read.bytes,
    changedAt: found.mtime.toISOString(),
    scope,
  };
}

function titleOf(text: string): string {
  const body = text.replace(/^\uFEFF?---[ \t]*\r?\n[\s\S]*?\r?\n---[ \t]*(\r?\n|$)/, "");
  const line = body.split(/\r?\n/).find((each) => each.trim() !== "") ?? "";
  return line
    .replace(/^#+\s*/, "")
    .trim()
    .slice(0, TITLE_CHARACTERS);
}
