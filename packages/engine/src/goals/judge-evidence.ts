import { listFolder, type FolderEntry } from "../workspace/list-folder.ts";
import type { CheckContext } from "./checker.ts";
import { openInside } from "./inside-folder.ts";

/** Bytes of evidence in all, and of one file. */
const MAX_BYTES = 24 * 1024;
const MAX_FILE_BYTES = 8 * 1024;
const MAX_LISTED = 120;
const MAX_FILES = 12;
const MAX_ENTRIES = 4000;

export interface Evidence {
  /** What the judge reads: a listing of the folder and contents of files, wrapped as data. */
  text: string;
  /** Files whose content is in it, relative to the folder. */
  files: string[];
}

/** The folder's listing and the contents of files that the requirement or the brief names, then of the latest ones. */
export async function gatherEvidence(rubric: string, context: CheckContext): Promise<Evidence> {
  const listing = await listFolder(context.folder, { maxEntries: MAX_ENTRIES });
  const files = listing.entries.filter((entry) => entry.type === "file");
  const latest = files.toSorted((a, b) => b.changedMs - a.changedMs || (a.path < b.path ? -1 : 1));
  const words = `${rubric}\n${context.done ?? ""}\n${context.brief}`;
  const named = files.filter((entry) => isNamed(entry.path, words));
  const order = [...new Set([...named, ...latest])].filter((entry) => !isContextFile(entry) || named.includes(entry));

  const shown: string[] = [];
  let text = `<listing>\n${listingText(latest, files.length, listing.cut)}\n</listing>`;
  for (const entry of order.slice(0, MAX_FILES)) {
    const room = Math.min(MAX_FILE_BYTES, MAX_BYTES - Buffer.byteLength(text));
    if (room < 200) break;
    const content = await contentOf(context.folder, entry, room);
    if (content === null) continue;
    text += `\n<file path=${JSON.stringify(entry.path)} bytes="${entry.bytes}">\n${inert(content)}\n</file>`;
    shown.push(entry.path);
  }
  return { text, files: shown };
}

function listingText(latest: readonly FolderEntry[], count: number, cut: boolean): string {
  if (count === 0) return "(the folder is empty)";
  const lines = latest.slice(0, MAX_LISTED).map((entry) => `${inert(entry.path)} (${entry.bytes} bytes)`);
  const more = count - lines.length;
  if (more > 0 || cut) lines.push(`(and ${more}${cut ? " or more" : ""} older files)`);
  return lines.join("\n");
}

/** Null for what is not text. */
async function contentOf(folder: string, entry: FolderEntry, room: number): Promise<string | null> {
  const found = await openInside(folder, entry.path).catch(() => null);
  if (found === null || found.type !== "file") return null;
  try {
    const { buffer, bytesRead } = await found.handle.read(Buffer.alloc(room), 0, room, 0);
    const content = buffer.subarray(0, bytesRead);
    if (content.includes(0)) return null;
    const left = found.bytes - bytesRead;
    return left > 0 ? `${content.toString("utf8")}\n[${left} more bytes are not shown]` : content.toString("utf8");
  } catch {
    return null;
  } finally {
    await found.handle.close();
  }
}

function isNamed(path: string, words: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return words.includes(path) || (name.length > 3 && words.includes(name));
}

/** Instructions for agents are no evidence of work. */
function isContextFile(entry: FolderEntry): boolean {
  return /(^|\/)(AGENTS|AGENTS\.override|CLAUDE)\.md$/.test(entry.path) || entry.path.startsWith("goals/");
}

/** Content cannot close the tags that mark it as data. */
function inert(text: string): string {
  return text.replace(/<(\/?)(file|listing)\b/gi, "< $1$2");
}
