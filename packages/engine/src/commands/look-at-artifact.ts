import {
  AppError,
  type ArtifactDetail,
  type ArtifactDifference,
  type DifferenceQuery,
  type Preview,
} from "@bureau/protocol";
import { comparedText, textDifference } from "../previews/text-difference.ts";
import { findArtifact, findArtifactVersion } from "../queries/lookup.ts";
import {
  type ArtifactCommentRow,
  artifactFromRow,
  type ArtifactRow,
  type ArtifactVersionRow,
  commentFromRow,
  versionFromRow,
} from "../store/artifacts.ts";
import { syncArtifactFile } from "./artifact-file.ts";
import type { ArtifactParts } from "./artifact-parts.ts";
import { previewOf } from "./preview-file.ts";

const MAX_LISTED = 1_000;

/** A file as it is handed out. */
export interface FileBytes {
  name: string;
  mediaType: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** The artifact as it is now: a change of its plain file that nobody has seen yet is taken up first. */
async function current(
  parts: ArtifactParts,
  reference: string,
): Promise<{ artifact: ArtifactRow; note: string | null }> {
  const { id } = await findArtifact(parts.database, reference);
  const note = await syncArtifactFile(parts, id);
  return { artifact: await findArtifact(parts.database, id), note };
}

export async function getArtifact(parts: ArtifactParts, reference: string): Promise<ArtifactDetail> {
  const { artifact, note } = await current(parts, reference);
  const [versions, comments] = await Promise.all([
    parts.database.query<ArtifactVersionRow>(
      "SELECT * FROM artifact_versions WHERE artifact_id = $1 ORDER BY number DESC LIMIT $2",
      [artifact.id, MAX_LISTED],
    ),
    parts.database.query<ArtifactCommentRow>(
      "SELECT * FROM artifact_comments WHERE artifact_id = $1 ORDER BY id DESC LIMIT $2",
      [artifact.id, MAX_LISTED],
    ),
  ]);
  return {
    artifact: artifactFromRow(artifact),
    versions: versions.rows.map(versionFromRow),
    comments: comments.rows.map(commentFromRow),
    fileNote: note,
  };
}

export async function previewArtifact(parts: ArtifactParts, reference: string, number: string): Promise<Preview> {
  const { artifact } = await current(parts, reference);
  const version = await findArtifactVersion(parts.database, artifact, number);
  return await previewVersion(parts, version);
}

export async function artifactContent(parts: ArtifactParts, reference: string, number: string): Promise<FileBytes> {
  const { artifact } = await current(parts, reference);
  const version = await findArtifactVersion(parts.database, artifact, number);
  const bytes = new Uint8Array(await parts.blobs.get(version.hash));
  return { name: version.file, mediaType: version.media_type, bytes };
}

/** What changed from one version to another. Throws `invalid` for kinds that have no text. */
export async function diffArtifact(
  parts: ArtifactParts,
  reference: string,
  query: DifferenceQuery,
): Promise<ArtifactDifference> {
  const { artifact } = await current(parts, reference);
  const to = await findArtifactVersion(parts.database, artifact, query.to ?? "newest");
  if (query.from === undefined && to.number === 1) {
    throw new AppError("invalid", `Version 1 of ${artifact.id} has none before it to be compared with.`, {
      hint: "Name the versions with `from` and `to`.",
    });
  }
  const from = await findArtifactVersion(parts.database, artifact, query.from ?? to.number - 1);
  const [before, after] = [await textOfVersion(parts, from), await textOfVersion(parts, to)];
  return { from: versionFromRow(from), to: versionFromRow(to), ...(await textDifference(before, after)) };
}

async function textOfVersion(parts: ArtifactParts, version: ArtifactVersionRow): Promise<string> {
  const isPlain = version.kind === "markdown" || version.kind === "text" || version.media_type.startsWith("text/");
  if (isPlain) return Buffer.from(await parts.blobs.get(version.hash)).toString("utf8");
  const text = comparedText(await previewVersion(parts, version));
  if (text !== null) return text;
  throw new AppError(
    "invalid",
    `Version ${version.number} is a file of the kind ${version.kind}, which has no lines.`,
    {
      hint: "Look at both versions side by side.",
    },
  );
}

async function previewVersion(parts: ArtifactParts, version: ArtifactVersionRow): Promise<Preview> {
  return await previewOf(parts, version.file, Buffer.from(await parts.blobs.get(version.hash)));
}
