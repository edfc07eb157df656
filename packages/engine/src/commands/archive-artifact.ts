import type { Artifact, ArtifactStatus } from "@bureau/protocol";
import { findArtifact } from "../queries/lookup.ts";
import { artifactFromRow, type ArtifactRow } from "../store/artifacts.ts";
import { change } from "./change.ts";
import type { ArtifactParts } from "./artifact-parts.ts";

/** Takes an artifact out of the list, or puts it back. Its file, versions and comments stay. */
export async function setArtifactStatus(
  parts: ArtifactParts,
  reference: string,
  status: ArtifactStatus,
): Promise<Artifact> {
  return await change(parts, async (change) => {
    const artifact = await findArtifact(change.transaction, reference, "update");
    if (artifact.status === status) return artifactFromRow(artifact);
    const { rows } = await change.transaction.query<ArtifactRow>(
      "UPDATE artifacts SET status = $2, updated_at = $3 WHERE id = $1 RETURNING *",
      [artifact.id, status, change.now],
    );
    const changed = artifactFromRow(rows[0]!);
    change.addEvent({
      type: "artifact.archived",
      threadId: artifact.thread_id,
      goalId: artifact.goal_id,
      data: { artifact: changed },
    });
    return changed;
  });
}
