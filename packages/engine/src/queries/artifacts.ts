import type { ArtifactList, ListArtifacts } from "@bureau/protocol";
import { artifactFromRow, type ArtifactRow } from "../store/artifacts.ts";
import type { Queryable } from "../store/database.ts";
import { findAgent, findGoal } from "./lookup.ts";
import { partOf } from "./page.ts";

/** Newest first. A run's are those of which it has published a version. */
export async function listArtifacts(database: Queryable, query: ListArtifacts): Promise<ArtifactList> {
  const agent = query.agent === undefined ? null : await findAgent(database, query.agent);
  const goal = query.goal === undefined ? null : await findGoal(database, query.goal);
  const { rows } = await database.query<ArtifactRow>({
    name: "list_artifacts",
    text: `SELECT * FROM artifacts a
           WHERE ($1::text[] IS NULL OR status = ANY($1)) AND ($2::text IS NULL OR agent_id = $2)
             AND ($3::text IS NULL OR goal_id = $3) AND ($4::text IS NULL OR thread_id = $4)
             AND ($5::text IS NULL OR EXISTS (
               SELECT 1 FROM artifact_versions v WHERE v.artifact_id = a.id AND v.run_id = $5))
             AND ($6::text IS NULL OR id < $6)
           ORDER BY id DESC LIMIT $7`,
    values: [
      query.status,
      agent?.id ?? null,
      goal?.id ?? null,
      query.thread ?? null,
      query.run ?? null,
      query.cursor ?? null,
      query.limit + 1,
    ],
  });
  const part = partOf(rows, query.limit, (row) => row.id);
  return { artifacts: part.rows.map(artifactFromRow), nextCursor: part.nextCursor };
}
