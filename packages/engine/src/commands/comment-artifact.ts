import {
  AppError,
  type ArtifactComment,
  type CommentArtifact,
  type CommentPlace,
  type CommentReply,
  newId,
  type Run,
} from "@bureau/protocol";
import type { Decider } from "../domain/decider.ts";
import { MAX_PREVIEW_BYTES } from "../previews/make-preview.ts";
import { findArtifact, findArtifactVersion } from "../queries/lookup.ts";
import {
  type ArtifactCommentRow,
  type ArtifactRow,
  type ArtifactVersionRow,
  artifactFromRow,
  commentFromRow,
} from "../store/artifacts.ts";
import { syncArtifactFile } from "./artifact-file.ts";
import type { ArtifactParts } from "./artifact-parts.ts";
import { change, type Change } from "./change.ts";
import type { CommandParts } from "./parts.ts";
import { postMessage } from "./start-run.ts";

const MAX_COMMENTS = 1_000;
const MAX_QUOTED_LINES = 30;
const MAX_QUOTED_CHARACTERS = 2_000;
const MAX_SOURCES = 20;

/**
 * Keeps a comment, and says it in the thread that the artifact was published in: in one transaction, as the person's
 * message.
 *
 * What the comment is about is told beside it by the runtime: a title and a quote are the artifact's words, which must
 * not count as a person's, and what they may carry from outside taints the run.
 */
export async function commentArtifact(
  parts: ArtifactParts,
  commands: CommandParts,
  reference: string,
  input: CommentArtifact & { by: Decider },
): Promise<CommentReply> {
  const { id } = await findArtifact(parts.database, reference);
  await syncArtifactFile(parts, id);
  const artifact = await findArtifact(parts.database, id);
  const version = await findArtifactVersion(parts.database, artifact, input.version ?? "newest");
  const place = input.place ?? null;
  const about = aboutText(artifact, version, place, await quoteOf(parts, version, place));
  const kept: { comment?: ArtifactComment } = {};
  const reply = await postMessage(commands, artifact.thread_id, input.text, {
    by: input.by,
    about,
    isAnswer: false,
    alongside: async (change, run) => {
      await taintRun(change, run, version);
      kept.comment = await insertComment(change, artifact, version, { text: input.text, place, by: input.by.name });
    },
  });
  return { comment: kept.comment!, ...reply };
}

async function insertComment(
  change: Change,
  artifact: ArtifactRow,
  version: ArtifactVersionRow,
  comment: { text: string; place: CommentPlace | null; by: string },
): Promise<ArtifactComment> {
  const locked = await findArtifact(change.transaction, artifact.id, "update");
  const counted = await change.transaction.query<{ count: string }>(
    "SELECT count(*) AS count FROM artifact_comments WHERE artifact_id = $1",
    [artifact.id],
  );
  if (Number(counted.rows[0]?.count) >= MAX_COMMENTS) {
    throw new AppError(
      "limit_reached",
      `The artifact ${artifact.id} has ${MAX_COMMENTS} comments, which is the most.`,
      {
        hint: "Write to its thread.",
      },
    );
  }
  const { rows } = await change.transaction.query<ArtifactCommentRow>(
    `INSERT INTO artifact_comments (id, artifact_id, version, text, place, said_by, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *`,
    [
      newId("artifactComment"),
      artifact.id,
      version.number,
      comment.text,
      comment.place === null ? null : JSON.stringify(comment.place),
      comment.by,
      change.now,
    ],
  );
  await tell(change, locked, rows[0]!, "added");
  return commentFromRow(rows[0]!);
}

/** Marks a comment as done with, or as open again. Asking for what it is already changes nothing. */
export async function setCommentStatus(
  parts: ArtifactParts,
  reference: string,
  commentId: string,
  wanted: { status: ArtifactComment["status"]; by: string },
): Promise<ArtifactComment> {
  return await change(parts, async (change) => {
    const artifact = await findArtifact(change.transaction, reference, "update");
    const { rows } = await change.transaction.query<ArtifactCommentRow>(
      "SELECT * FROM artifact_comments WHERE id = $1 AND artifact_id = $2",
      [commentId, artifact.id],
    );
    const comment = rows[0];
    if (comment === undefined) {
      throw new AppError("not_found", `The artifact ${artifact.id} has no comment "${commentId}".`, {
        hint: `\`bureau artifact show ${artifact.id}\` lists its comments.`,
      });
    }
    if (comment.status === wanted.status) return commentFromRow(comment);
    const isResolved = wanted.status === "resolved";
    const changed = await change.transaction.query<ArtifactCommentRow>(
      "UPDATE artifact_comments SET status = $2, resolved_at = $3, resolved_by = $4 WHERE id = $1 RETURNING *",
      [comment.id, wanted.status, isResolved ? change.now : null, isResolved ? wanted.by : null],
    );
    await tell(change, artifact, changed.rows[0]!, isResolved ? "resolved" : "reopened");
    return commentFromRow(changed.rows[0]!);
  });
}

/** Counts open comments in the artifact's row, and appends the event. */
async function tell(
  change: Change,
  artifact: ArtifactRow,
  comment: ArtifactCommentRow,
  what: "added" | "resolved" | "reopened",
): Promise<void> {
  const { rows } = await change.transaction.query<ArtifactRow>(
    "UPDATE artifacts SET open_comments = open_comments + $2, updated_at = $3 WHERE id = $1 RETURNING *",
    [artifact.id, what === "resolved" ? -1 : 1, change.now],
  );
  change.addEvent({
    type: "artifact.commented",
    threadId: artifact.thread_id,
    goalId: artifact.goal_id,
    data: { artifact: artifactFromRow(rows[0]!), comment: commentFromRow(comment), change: what },
  });
}

/** The run reads a piece of the version: what that carries from outside, the run carries from then on. */
async function taintRun(change: Change, run: Pick<Run, "id">, version: ArtifactVersionRow): Promise<void> {
  if (version.sources.length === 0) return;
  await change.transaction.query(
    `UPDATE runs SET state = jsonb_set(state, '{taint}', (
       SELECT jsonb_agg(s) FROM (
         SELECT DISTINCT s FROM jsonb_array_elements(COALESCE(state->'taint', '[]'::jsonb) || $2::jsonb) AS s
         LIMIT ${MAX_SOURCES}) d))
     WHERE id = $1`,
    [run.id, JSON.stringify(version.sources)],
  );
}

/** What stands at the place, as far as it can be told; null where that is nothing. */
async function quoteOf(
  parts: ArtifactParts,
  version: ArtifactVersionRow,
  place: CommentPlace | null,
): Promise<string | null> {
  if (place?.quote !== undefined) return place.quote;
  const isText = version.kind === "markdown" || version.kind === "text" || version.media_type.startsWith("text/");
  if (place?.lines === undefined || !isText || Number(version.bytes) > MAX_PREVIEW_BYTES) return null;
  const { from, to } = place.lines;
  const lines = Buffer.from(await parts.blobs.get(version.hash))
    .toString("utf8")
    .split("\n");
  if (from > lines.length) {
    throw new AppError("invalid", `Version ${version.number} has ${lines.length} lines; there is no line ${from}.`, {
      hint: "Name lines of the version that the comment is on.",
    });
  }
  return lines.slice(from - 1, Math.min(to, from - 1 + MAX_QUOTED_LINES)).join("\n");
}

function aboutText(
  artifact: ArtifactRow,
  version: ArtifactVersionRow,
  place: CommentPlace | null,
  quote: string | null,
): string {
  const lines = place?.lines;
  const range =
    lines === undefined ? "" : lines.from === lines.to ? `, line ${lines.from}` : `, lines ${lines.from}-${lines.to}`;
  const head = `The person's next message is a comment on the artifact ${JSON.stringify(artifact.title)} (${artifact.id}), version ${version.number}${range}.`;
  const newer = version.number < artifact.version ? ` Version ${artifact.version} is the newest.` : "";
  const ask = ` When you change it, publish a new version with publish_artifact and artifact "${artifact.id}".`;
  const quoted = quote === null ? "" : `\nIt is about these words of it:\n${cited(quote)}`;
  return unmarked(`${head}${newer}${ask}${quoted}`);
}

function cited(quote: string): string {
  const short = quote.length > MAX_QUOTED_CHARACTERS ? `${quote.slice(0, MAX_QUOTED_CHARACTERS)}…` : quote;
  return short
    .toWellFormed()
    .replaceAll("\0", "")
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}

/** Words of an artifact cannot end the mark by which the runtime's words are known. */
function unmarked(text: string): string {
  return text.replace(/<(\/?)\s*runtime/gi, "[$1runtime");
}
