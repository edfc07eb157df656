import { isUtf8 } from "node:buffer";
import { AppError, type ContextFile, newId, type SaveContextFile } from "@bureau/protocol";
import { isContextPath } from "../domain/context-paths.ts";
import { hashOfBytes } from "../previews/make-preview.ts";
import { findAgent } from "../queries/lookup.ts";
import { errorCode, fileError } from "../tools/file-error.ts";
import { withFileLock } from "../tools/file-lock.ts";
import { openFile, readWhole } from "../tools/open-file.ts";
import { openPlace } from "../tools/paths.ts";
import { replaceFile } from "../tools/replace-file.ts";
import type { ArtifactParts } from "./artifact-parts.ts";

const MAX_BYTES = 1_000_000;

/** A context file whole, with the hash by which it is saved again. One that is not there yet is empty. */
export async function getContextFile(parts: ArtifactParts, agent: string, path: string): Promise<ContextFile> {
  const { folder } = await findAgent(parts.database, agent);
  const place = contextPlace(folder, path);
  const found = read(folder, place);
  return { path: place, text: found?.toString("utf8") ?? "", hash: found === null ? null : hashOfBytes(found) };
}

/** Saves a context file whole or not at all. Throws `conflict` when it is not as the editor saw it; nothing is changed then. */
export async function saveContextFile(
  parts: ArtifactParts,
  agent: string,
  input: SaveContextFile,
): Promise<ContextFile> {
  const { folder } = await findAgent(parts.database, agent);
  const path = contextPlace(folder, input.path);
  const bytes = Buffer.from(input.text);
  return await withFileLock(`${folder}/${path}`, async () => {
    const before = read(folder, path);
    refuseOther(path, before, input.hash);
    refuseHiddenSecret(parts, path, before);
    const place = openPlace(folder, path, "write");
    try {
      await replaceFile(place, bytes, newId("request"));
    } catch (error) {
      throw fileError(error, path);
    } finally {
      place.close();
    }
    return { path, text: input.text, hash: hashOfBytes(bytes) };
  });
}

/** Where the file lies, relative to the agent's folder and without links. */
function contextPlace(folder: string, path: string): string {
  const named = path.split("/").filter((name) => name !== "" && name !== ".");
  if (!path.startsWith("/") && !isContextPath(named)) throw notContext(path);
  const real = realPath(folder, path);
  if (!isContextPath(real.split("/"))) throw notContext(path);
  return real;
}

/** The folders of a new file need not be there yet. */
function realPath(folder: string, path: string): string {
  try {
    const place = openPlace(folder, path, "read");
    place.close();
    return place.path;
  } catch (error) {
    if (!(error instanceof AppError && error.code === "not_found") || path.startsWith("/")) throw error;
    return path
      .split("/")
      .filter((name) => name !== "" && name !== ".")
      .join("/");
  }
}

function read(folder: string, path: string): Buffer | null {
  try {
    const file = openFile(folder, path);
    try {
      if (file.size > MAX_BYTES) {
        throw new AppError("too_large", `"${path}" is larger than 1 MB and cannot be edited here.`, {
          hint: "Edit it in the folder.",
        });
      }
      const bytes = readWhole(file);
      if (isUtf8(bytes)) return bytes;
      throw new AppError("invalid", `"${path}" is no text in UTF-8 and cannot be edited here.`, {
        hint: "Edit it in the folder.",
      });
    } finally {
      file.close();
    }
  } catch (error) {
    if (errorCode(error) === "not_found") return null;
    throw error;
  }
}

function refuseOther(path: string, before: Buffer | null, hash: string | null): void {
  const now = before === null ? null : hashOfBytes(before);
  if (now === hash) return;
  const how = now === null ? "was removed" : hash === null ? "was made" : "was changed";
  throw new AppError("conflict", `"${path}" ${how} since it was opened, so nothing was saved.`, {
    hint: "Open it again, and bring both changes together.",
  });
}

/** The editor has seen a mark in place of the value, and would write it over the value. */
function refuseHiddenSecret(parts: ArtifactParts, path: string, before: Buffer | null): void {
  const secret = before === null ? null : parts.secretIn(before.toString("utf8"));
  if (secret === null) return;
  throw new AppError("forbidden", `"${path}" holds the value of the secret ${secret}, which is hidden here.`, {
    hint: "Edit it in the folder, and take the value out.",
  });
}

function notContext(path: string): AppError {
  return new AppError("invalid", `"${path.slice(0, 200)}" is no file that can be edited here.`, {
    hint: "AGENTS.md, CLAUDE.md and the text files of memory/ and skills/ can.",
  });
}
