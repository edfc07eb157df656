import { createHash } from "node:crypto";
import { listFolder } from "../workspace/list-folder.ts";

/**
 * A short text that changes when a file of the folder is added, removed, renamed or written. Reads names, sizes and
 * times, never contents; leaves out version control, dependencies and Bureau's own data.
 */
export async function folderDigest(folder: string, options: { maxEntries?: number } = {}): Promise<string> {
  const { entries, cut } = await listFolder(folder, options);
  const hash = createHash("sha256");
  for (const entry of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const facts = entry.type === "folder" ? "" : `${entry.bytes}:${entry.changedMs}`;
    hash.update(`${entry.path}\0${entry.type}\0${facts}\n`);
  }
  return hash.update(String(cut)).digest("hex").slice(0, 24);
}
