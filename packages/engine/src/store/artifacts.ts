import type { Artifact, ArtifactComment, ArtifactVersion, CommentPlace, ContentSource } from "@bureau/protocol";
import type { Queryable } from "./database.ts";

/** The folder of the workspace that holds the plain files. */
export const ARTIFACTS_FOLDER = "artifacts";

export interface ArtifactRow {
  id: Artifact["id"];
  name: string;
  title: string;
  status: Artifact["status"];
  agent_id: Artifact["agentId"];
  goal_id: Artifact["goalId"];
  thread_id: Artifact["threadId"];
  run_id: Artifact["runId"];
  version: number;
  kind: Artifact["kind"];
  bytes: string;
  file: string;
  open_comments: number;
  file_version: number;
  file_stamp: string | null;
  created_at: Date;
  updated_at: Date;
}

export interface ArtifactVersionRow {
  id: ArtifactVersion["id"];
  artifact_id: Artifact["id"];
  number: number;
  origin: ArtifactVersion["origin"];
  run_id: ArtifactVersion["runId"];
  tool_call_id: ArtifactVersion["toolCallId"];
  file: string;
  kind: ArtifactVersion["kind"];
  media_type: string;
  bytes: string;
  hash: string;
  note: string | null;
  sources: ContentSource[];
  created_at: Date;
}

export interface ArtifactCommentRow {
  id: ArtifactComment["id"];
  artifact_id: Artifact["id"];
  version: number;
  text: string;
  place: CommentPlace | null;
  status: ArtifactComment["status"];
  said_by: string;
  created_at: Date;
  resolved_at: Date | null;
  resolved_by: string | null;
}

export function artifactFromRow(row: ArtifactRow): Artifact {
  return {
    id: row.id,
    name: row.name,
    title: row.title,
    status: row.status,
    agentId: row.agent_id,
    goalId: row.goal_id,
    threadId: row.thread_id,
    runId: row.run_id,
    version: row.version,
    kind: row.kind,
    bytes: Number(row.bytes),
    path: artifactPath(row),
    openComments: row.open_comments,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

export function versionFromRow(row: ArtifactVersionRow): ArtifactVersion {
  return {
    id: row.id,
    artifactId: row.artifact_id,
    number: row.number,
    origin: row.origin,
    runId: row.run_id,
    toolCallId: row.tool_call_id,
    file: row.file,
    kind: row.kind,
    mediaType: row.media_type,
    bytes: Number(row.bytes),
    hash: row.hash,
    note: row.note,
    sources: row.sources,
    createdAt: row.created_at.toISOString(),
  };
}

export function commentFromRow(row: ArtifactCommentRow): ArtifactComment {
  return {
    id: row.id,
    artifactId: row.artifact_id,
    version: row.version,
    text: row.text,
    place: row.place,
    status: row.status,
    by: row.said_by,
    createdAt: row.created_at.toISOString(),
    resolvedAt: row.resolved_at?.toISOString() ?? null,
    resolvedBy: row.resolved_by,
  };
}

/** The plain file of the newest version, relative to the workspace's folder. */
export function artifactPath(artifact: Pick<ArtifactRow, "name" | "file">): string {
  return `${ARTIFACTS_FOLDER}/${artifact.name}/${artifact.file}`;
}

/** The version that a tool call has published, if it has. */
export async function versionOfCall(database: Queryable, toolCallId: string): Promise<ArtifactVersionRow | null> {
  const { rows } = await database.query<ArtifactVersionRow>("SELECT * FROM artifact_versions WHERE tool_call_id = $1", [
    toolCallId,
  ]);
  return rows[0] ?? null;
}

/** The blob of an office file's conversion; null when there is none yet. Marks it as used, at most once a day. */
export async function findConversion(
  database: Queryable,
  key: { hash: string; format: string; converter: number; now: Date },
): Promise<string | null> {
  const values = [key.hash, key.format, key.converter];
  const { rows } = await database.query<{ blob_hash: string; used_at: Date }>(
    "SELECT blob_hash, used_at FROM conversions WHERE hash = $1 AND format = $2 AND converter = $3",
    values,
  );
  const found = rows[0];
  if (found === undefined) return null;
  if (key.now.getTime() - found.used_at.getTime() > DAY_MS)
    await database.query("UPDATE conversions SET used_at = $4 WHERE hash = $1 AND format = $2 AND converter = $3", [
      ...values,
      key.now,
    ]);
  return found.blob_hash;
}

const DAY_MS = 24 * 60 * 60_000;

export async function keepConversion(
  database: Queryable,
  conversion: { hash: string; format: string; converter: number; blobHash: string; now: Date },
): Promise<void> {
  await database.query(
    `INSERT INTO conversions (hash, format, converter, blob_hash, used_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (hash, format, converter) DO UPDATE SET blob_hash = $4, used_at = $5`,
    [conversion.hash, conversion.format, conversion.converter, conversion.blobHash, conversion.now],
  );
}
