import { statSync } from "node:fs";
import { AppError, newId } from "@bureau/protocol";
import { judgeFile } from "../domain/artifact-file.ts";
import { hashOfBytes, MAX_PREVIEW_BYTES } from "../previews/make-preview.ts";
import { sniff } from "../previews/sniff.ts";
import { findArtifact } from "../queries/lookup.ts";
import { artifactPath, type ArtifactRow } from "../store/artifacts.ts";
import { labelsOfFile } from "../store/file-labels.ts";
import { withFileLock } from "../tools/file-lock.ts";
import { openFile, readWhole } from "../tools/open-file.ts";
import { openPlace } from "../tools/paths.ts";
import { replaceFile } from "../tools/replace-file.ts";
import type { ArtifactParts } from "./artifact-parts.ts";
import { insertVersion } from "./artifact-writes.ts";
import { change } from "./change.ts";

/**
 * Brings an artifact and its plain file together: writes a version that is not there yet, and takes a change by hand
 * up as a version. May be called at any time, any number of times.
 *
 * Returns what a person should know of the file; null when it holds the newest version.
 */
export async function syncArtifactFile(parts: ArtifactParts, artifactId: string): Promise<string | null> {
  return await withFileLock(`artifact:${artifactId}`, async () => {
    const artifact = await findArtifact(parts.database, artifactId);
    try {
      return await sync(parts, artifact);
    } catch (error) {
      if (error instanceof AppError && error.code !== "internal") return `Its file cannot be used: ${error.message}`;
      throw error;
    }
  });
}

interface Found {
  bytes: Buffer;
  stamp: string;
  changedAt: Date;
}

async function sync(parts: ArtifactParts, artifact: ArtifactRow): Promise<string | null> {
  const path = artifactPath(artifact);
  const isPending = artifact.file_version !== artifact.version;
  if (!isPending && artifact.file_stamp !== null && artifact.file_stamp === stampOf(parts, path)) return null;
  const found = readFound(parts, path);
  if (found === "too_large") return `${path} was changed by hand and is larger than 32 MB, so it is no version.`;
  const hashes = await hashesOf(parts, artifact);
  const verdict = judgeFile({ ...hashes, isPending }, found === null ? null : hashOfBytes(found.bytes));
  switch (verdict) {
    case "same":
      await remember(parts, artifact, found!.stamp);
      return null;
    case "gone":
      return `${path} is gone. Its versions are kept.`;
    case "write":
      await write(parts, artifact, hashes.newest);
      return null;
    case "take_up":
      return await takeUp(parts, artifact, found!);
  }
}

/** What a look at a file tells without reading it; null when it is not there. */
function stampOf(parts: ArtifactParts, path: string): string | null {
  const stat = statSync(`${parts.workspace.folder}/${path}`, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`;
}

function readFound(parts: ArtifactParts, path: string): Found | "too_large" | null {
  const stamp = stampOf(parts, path);
  if (stamp === null) return null;
  const file = openFile(parts.workspace.folder, path);
  try {
    if (file.size > MAX_PREVIEW_BYTES) return "too_large";
    const changedAt = statSync(`${parts.workspace.folder}/${path}`).ctime;
    return { bytes: readWhole(file), stamp, changedAt };
  } finally {
    file.close();
  }
}

/** The newest version, and the one that the file was last known to hold. */
async function hashesOf(
  { database }: ArtifactParts,
  artifact: ArtifactRow,
): Promise<{ newest: string; held: string | null }> {
  const { rows } = await database.query<{ number: number; hash: string; file: string }>(
    "SELECT number, hash, file FROM artifact_versions WHERE artifact_id = $1 AND number IN ($2, $3)",
    [artifact.id, artifact.version, artifact.file_version],
  );
  const newest = rows.find((row) => row.number === artifact.version);
  if (newest === undefined) throw new AppError("internal", `The artifact ${artifact.id} lacks its newest version.`);
  // Under another name there was another file before.
  const held = rows.find((row) => row.number === artifact.file_version && row.file === artifact.file);
  return { newest: newest.hash, held: held?.hash ?? null };
}

async function write(parts: ArtifactParts, artifact: ArtifactRow, hash: string): Promise<void> {
  const bytes = Buffer.from(await parts.blobs.get(hash));
  const path = artifactPath(artifact);
  const place = openPlace(parts.workspace.folder, path, "write");
  try {
    await replaceFile(place, bytes, artifact.id);
  } finally {
    place.close();
  }
  await remember(parts, artifact, stampOf(parts, path));
}

/** Nothing is lost with it: without, the next look reads the file. */
async function remember(parts: ArtifactParts, artifact: ArtifactRow, stamp: string | null): Promise<void> {
  await parts.database.query("UPDATE artifacts SET file_version = $2, file_stamp = $3 WHERE id = $1 AND version = $2", [
    artifact.id,
    artifact.version,
    stamp,
  ]);
}

async function takeUp(parts: ArtifactParts, artifact: ArtifactRow, found: Found): Promise<string | null> {
  const path = artifactPath(artifact);
  const secret = parts.secretIn(found.bytes.toString("utf8"));
  if (secret !== null) return `${path} holds the value of the secret ${secret}, so the change is no version.`;
  const hash = await parts.blobs.put(found.bytes);
  const is = sniff(found.bytes, artifact.file);
  const sources = await labelsOfFile(parts.database, `${parts.workspace.folder}/${path}`, found.changedAt);
  await change(parts, async (change) => {
    const row = await findArtifact(change.transaction, artifact.id, "update");
    // Somebody else has taken it up, or published, since it was looked at.
    if (row.version !== artifact.version) return;
    await insertVersion(change, row, {
      id: newId("artifactVersion"),
      origin: "hand",
      run: null,
      file: artifact.file,
      kind: is.kind,
      mediaType: is.mediaType,
      bytes: found.bytes.length,
      hash,
      note: null,
      sources,
      stamp: found.stamp,
    });
  });
  return null;
}
