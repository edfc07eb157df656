import { statSync } from "node:fs";
import { AppError, newId } from "@bureau/protocol";
import { type FileVerdict, judgeFile, type KnownFile } from "../domain/artifact-file.ts";
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
  const artifact = await findArtifact(parts.database, artifactId);
  try {
    return await sync(parts, artifact);
  } catch (error) {
    if (error instanceof AppError && error.code !== "internal") return `Its file cannot be used: ${error.message}`;
    throw error;
  }
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
  const known = { ...(await hashesOf(parts, artifact)), isPending };
  // Nothing of the database is asked for under the lock, so that nobody holds it for long.
  const { verdict, found } = await withFileLock(`${parts.workspace.folder}/${path}`, () =>
    settleFile(parts, artifact, known),
  );
  switch (verdict) {
    case "same":
    case "write":
      await remember(parts, artifact, found?.stamp ?? stampOf(parts, path));
      return null;
    case "gone":
      return `${path} is gone. Its versions are kept.`;
    case "too_large":
      return `${path} was changed by hand and is larger than 32 MB, so it is no version.`;
    case "take_up":
      return await takeUp(parts, artifact, found!);
  }
}

/** Looks at the file, and writes the newest version where that is what it asks for. */
async function settleFile(
  parts: ArtifactParts,
  artifact: ArtifactRow,
  known: KnownFile,
): Promise<{ verdict: FileVerdict | "too_large"; found: Found | null }> {
  const found = readFound(parts, artifactPath(artifact));
  if (found === "too_large") return { verdict: found, found: null };
  const verdict = judgeFile(known, found === null ? null : hashOfBytes(found.bytes));
  if (verdict !== "write") return { verdict, found };
  const bytes = Buffer.from(await parts.blobs.get(known.newest));
  const place = openPlace(parts.workspace.folder, artifactPath(artifact), "write");
  try {
    await replaceFile(place, bytes, artifact.id);
  } finally {
    place.close();
  }
  return { verdict, found: null };
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

/** The newest version, and those that the file may hold until it is written. */
async function hashesOf({ database }: ArtifactParts, artifact: ArtifactRow): Promise<Omit<KnownFile, "isPending">> {
  const { rows } = await database.query<{ number: number; hash: string; file: string }>(
    "SELECT number, hash, file FROM artifact_versions WHERE artifact_id = $1 AND number BETWEEN $2 AND $3",
    [artifact.id, artifact.file_version, artifact.version],
  );
  const newest = rows.find((row) => row.number === artifact.version);
  if (newest === undefined) throw new AppError("internal", `The artifact ${artifact.id} lacks its newest version.`);
  // Under another name there was another file before.
  const before = rows.filter((row) => row.number < artifact.version && row.file === artifact.file);
  return { newest: newest.hash, held: new Set(before.map((row) => row.hash)) };
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
