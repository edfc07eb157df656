import { closeSync, lstatSync, opendirSync } from "node:fs";
import { posix } from "node:path";
import { AppError, type AgentFileList, type FileEntry, type Preview } from "@bureau/protocol";
import { looksSecret } from "../domain/secret-paths.ts";
import { MAX_PREVIEW_BYTES, tooLarge } from "../previews/make-preview.ts";
import { sniff } from "../previews/sniff.ts";
import { findAgent } from "../queries/lookup.ts";
import { fileError } from "../tools/file-error.ts";
import { openFile, readWhole } from "../tools/open-file.ts";
import { isHiddenState, openChildFolder, openPlace, type OpenFolder } from "../tools/paths.ts";
import type { ArtifactParts } from "./artifact-parts.ts";
import type { FileBytes } from "./look-at-artifact.ts";
import { previewOf } from "./preview-file.ts";

/** Entries of one folder that are looked at. */
const MAX_ENTRIES = 2_000;

/** What is in a folder of an agent's folder. Paths lead as those of the agent's tools do: links and `..` stay inside. */
export async function listAgentFiles(parts: ArtifactParts, agent: string, path: string): Promise<AgentFileList> {
  const { folder } = await findAgent(parts.database, agent);
  try {
    return listAt(folder, path);
  } catch (error) {
    throw fileError(error, path);
  }
}

function listAt(folder: string, path: string): AgentFileList {
  const place = openPlace(folder, path, "read");
  try {
    const found = lstatSync(place.target, { throwIfNoEntry: false });
    if (!found) throw new AppError("not_found", `"${path}" does not exist.`, { hint: "List the folder above it." });
    if (!found.isDirectory()) {
      throw new AppError("invalid", `"${path}" is a file, not a folder.`, { hint: "Ask for its preview." });
    }
    refuseSecret(place.path);
    const opened = openChildFolder(place.parent, place.name);
    try {
      const { names, truncated } = namesIn(opened);
      const entries = names.flatMap((name) => entryOf(opened, place.path, name) ?? []);
      return { path: place.path, entries: entries.toSorted(byKindAndName), truncated };
    } finally {
      closeSync(opened.descriptor);
    }
  } finally {
    place.close();
  }
}

function namesIn(folder: OpenFolder): { names: string[]; truncated: boolean } {
  const names: string[] = [];
  const directory = opendirSync(folder.base);
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      if (isHiddenState(entry.name)) continue;
      if (names.length >= MAX_ENTRIES) return { names, truncated: true };
      names.push(entry.name);
    }
  } finally {
    directory.closeSync();
  }
  return { names, truncated: false };
}

/** Null for one that was removed since. */
function entryOf(folder: OpenFolder, parent: string, name: string): FileEntry | null {
  const found = lstatSync(`${folder.base}/${name}`, { throwIfNoEntry: false });
  if (!found) return null;
  const path = posix.join(parent, name);
  return {
    name: name.toWellFormed(),
    path: path.toWellFormed(),
    type: found.isFile() ? "file" : found.isDirectory() ? "folder" : found.isSymbolicLink() ? "link" : "other",
    bytes: found.size,
    changedAt: new Date(found.mtimeMs).toISOString(),
    secret: looksSecret(path),
  };
}

function byKindAndName(one: FileEntry, other: FileEntry): number {
  const folders = Number(other.type === "folder") - Number(one.type === "folder");
  return folders === 0 ? one.name.localeCompare(other.name) : folders;
}

export async function previewAgentFile(parts: ArtifactParts, agent: string, path: string): Promise<Preview> {
  const { folder } = await findAgent(parts.database, agent);
  const { name, size, bytes } = readShown(folder, path);
  return bytes === null ? tooLarge(name, size) : await previewOf(parts, name, bytes);
}

export async function agentFileContent(parts: ArtifactParts, agent: string, path: string): Promise<FileBytes> {
  const { folder } = await findAgent(parts.database, agent);
  const { name, size, bytes } = readShown(folder, path);
  if (bytes === null) {
    throw new AppError("too_large", `"${path}" has ${size} bytes; at most 32 MB are sent.`, {
      hint: "Open it in the folder.",
    });
  }
  refuseSecretText(parts, path, bytes);
  return { name, mediaType: sniff(bytes, name).mediaType, bytes: new Uint8Array(bytes) };
}

/** Bytes are handed out as they are, so nothing could be hidden in them. */
function refuseSecretText(parts: ArtifactParts, path: string, bytes: Buffer): void {
  const secret = parts.secretIn(bytes.toString("utf8"));
  if (secret === null) return;
  throw new AppError("forbidden", `"${path}" holds the value of the secret ${secret} and is not sent.`, {
    hint: "Look at its preview, where the value is hidden.",
  });
}

/** A regular file that may be shown; `bytes` is null when it is too large to be read. */
function readShown(folder: string, path: string): { name: string; size: number; bytes: Buffer | null } {
  refuseSecret(path);
  const file = openFile(folder, path);
  try {
    refuseSecret(file.path);
    const name = posix.basename(file.path).toWellFormed();
    return { name, size: file.size, bytes: file.size > MAX_PREVIEW_BYTES ? null : readWhole(file) };
  } finally {
    file.close();
  }
}

/** What an agent may not carry out is not shown by an address either. */
function refuseSecret(path: string): void {
  if (path === "" || !looksSecret(path)) return;
  throw new AppError(
    "forbidden",
    `"${path.slice(0, 200)}" looks like a file of keys or passwords, so it is not shown.`,
    {
      hint: "Open it in the folder.",
    },
  );
}
