import {
  AppError,
  type ArtifactVersion,
  type ContentSource,
  type PreviewKind,
  type RunId,
  type ThreadId,
  type ToolCallId,
} from "@bureau/protocol";
import { artifactFromRow, type ArtifactRow, type ArtifactVersionRow, versionFromRow } from "../store/artifacts.ts";
import type { Change } from "./change.ts";

const MAX_VERSIONS = 1_000;

export interface NewVersion {
  id: ArtifactVersion["id"];
  origin: ArtifactVersion["origin"];
  /** Null: changed by hand. */
  run: { id: RunId; threadId: ThreadId; toolCallId: ToolCallId } | null;
  file: string;
  kind: PreviewKind;
  mediaType: string;
  bytes: number;
  hash: string;
  note: string | null;
  sources: readonly ContentSource[];
  /** How the plain file looks that holds it; absent where it is still to be written. */
  stamp?: string;
}

/** Adds the next version of a locked artifact, with its event. An archived one is in the list again. */
export async function insertVersion(
  change: Change,
  artifact: Pick<ArtifactRow, "id" | "version">,
  version: NewVersion,
): Promise<{ artifact: ArtifactRow; version: ArtifactVersionRow }> {
  const number = artifact.version + 1;
  if (number > MAX_VERSIONS) {
    throw new AppError(
      "limit_reached",
      `The artifact ${artifact.id} has ${MAX_VERSIONS} versions, which is the most.`,
      {
        hint: "Publish a new artifact.",
      },
    );
  }
  const { run, stamp = null } = version;
  const inserted = await change.transaction.query<ArtifactVersionRow>(
    `INSERT INTO artifact_versions (id, artifact_id, number, origin, run_id, tool_call_id, file, kind, media_type, bytes,
       hash, note, sources, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING *`,
    [
      version.id,
      artifact.id,
      number,
      version.origin,
      run?.id ?? null,
      run?.toolCallId ?? null,
      version.file,
      version.kind,
      version.mediaType,
      version.bytes,
      version.hash,
      version.note,
      JSON.stringify(version.sources),
      change.now,
    ],
  );
  const updated = await change.transaction.query<ArtifactRow>(
    `UPDATE artifacts SET version = $2, kind = $3, bytes = $4, file = $5, run_id = COALESCE($6, run_id),
       thread_id = COALESCE($7, thread_id), updated_at = $8,
       status = CASE WHEN $6::text IS NULL THEN status ELSE 'published' END,
       file_version = CASE WHEN $9::text IS NULL THEN file_version ELSE $2 END, file_stamp = COALESCE($9, file_stamp)
     WHERE id = $1 RETURNING *`,
    [
      artifact.id,
      number,
      version.kind,
      version.bytes,
      version.file,
      run?.id ?? null,
      run?.threadId ?? null,
      change.now,
      stamp,
    ],
  );
  const rows = { artifact: updated.rows[0]!, version: inserted.rows[0]! };
  change.addEvent({
    type: "artifact.published",
    threadId: rows.artifact.thread_id,
    runId: run?.id ?? null,
    goalId: rows.artifact.goal_id,
    data: { artifact: artifactFromRow(rows.artifact), artifactVersion: versionFromRow(rows.version) },
  });
  return rows;
}
