import {
  AppError,
  type AgentId,
  type ArtifactId,
  type ContentSource,
  type GoalId,
  newId,
  type RunId,
  type ThreadId,
  type ToolCallId,
} from "@bureau/protocol";
import { slug } from "../goals/goal-name.ts";
import { sniff } from "../previews/sniff.ts";
import { MAX_PREVIEW_BYTES } from "../previews/make-preview.ts";
import { findArtifact } from "../queries/lookup.ts";
import { artifactPath, type ArtifactRow, type ArtifactVersionRow, versionOfCall } from "../store/artifacts.ts";
import { labelFiles } from "../store/file-labels.ts";
import { syncArtifactFile } from "./artifact-file.ts";
import type { ArtifactParts } from "./artifact-parts.ts";
import { insertVersion, type NewVersion } from "./artifact-writes.ts";
import { change, type Change } from "./change.ts";

const MAX_NAME_TRIES = 200;
const MAX_FILE_NAME_CHARACTERS = 120;

export interface Publication {
  run: { id: RunId; epoch: number; threadId: ThreadId; goalId: GoalId | null; agentId: AgentId };
  toolCallId: ToolCallId;
  title: string;
  note: string | null;
  /** Id or name of the artifact that this is a new version of. */
  artifact: string | null;
  /** Read only when the call has not published yet. */
  read(): { file: string; bytes: Buffer };
  /** Where content came from that may be in it. */
  sources: readonly ContentSource[];
}

export interface PublishedVersion {
  artifact: ArtifactRow;
  version: ArtifactVersionRow;
  /** What the agent and a person should know, in sentences. */
  notes: string[];
}

/**
 * Publishes a version, once for a tool call: the same call again, in whichever process, gives the same version.
 *
 * The bytes are a blob before the row names them; row, label and event are one transaction; the plain file follows,
 * and is written by whoever looks next if this process dies before.
 */
export async function publishArtifact(parts: ArtifactParts, publication: Publication): Promise<PublishedVersion> {
  const known = await versionOfCall(parts.database, publication.toolCallId);
  const version = known ?? (await publishNow(parts, publication));
  const fileNote = await syncArtifactFile(parts, version.artifact_id);
  const artifact = await findArtifact(parts.database, version.artifact_id);
  const notes = fileNote === null ? [] : [fileNote];
  if (artifact.version > version.number)
    notes.push(`Version ${artifact.version} is newer: somebody has changed the file by hand since.`);
  return { artifact, version, notes };
}

async function publishNow(parts: ArtifactParts, publication: Publication): Promise<ArtifactVersionRow> {
  const { bytes, file } = publication.read();
  refuseUnfit(parts, bytes);
  const is = sniff(bytes, file);
  const hash = await parts.blobs.put(bytes);
  // What was changed by hand until now becomes a version before this one.
  if (publication.artifact !== null)
    await syncArtifactFile(parts, (await findArtifact(parts.database, publication.artifact)).id);
  return await change(parts, async (change) => {
    await lockOwnRun(change, publication);
    // Another process may have made the same call, and died after it was published.
    const known = await versionOfCall(change.transaction, publication.toolCallId);
    if (known !== null) return known;
    const artifact = await artifactFor(change, publication);
    const rows = await insertVersion(change, artifact, {
      id: newId("artifactVersion"),
      origin: "run",
      run: { ...publication.run, toolCallId: publication.toolCallId },
      file: fileName(file),
      kind: is.kind,
      mediaType: is.mediaType,
      bytes: bytes.length,
      hash,
      note: publication.note,
      sources: publication.sources,
    } satisfies NewVersion);
    await labelFile(parts, change, publication, rows.artifact);
    return rows.version;
  });
}

function refuseUnfit(parts: ArtifactParts, bytes: Buffer): void {
  if (bytes.length > MAX_PREVIEW_BYTES) {
    throw new AppError("too_large", `It has ${bytes.length} bytes; at most 32 MB can be published. Nothing was.`, {
      hint: "Publish a smaller file, and say where the large one is.",
    });
  }
  const secret = parts.secretIn(bytes.toString("utf8"));
  if (secret === null) return;
  throw new AppError("forbidden", `Nothing was published: it holds the value of the secret ${secret}.`, {
    hint: "Leave the value out.",
  });
}

/** A process that lost the run must not publish for it. */
async function lockOwnRun(change: Change, { run }: Publication): Promise<void> {
  const { rows } = await change.transaction.query(
    "SELECT 1 FROM runs WHERE id = $1 AND epoch = $2 AND status = 'running' FOR NO KEY UPDATE",
    [run.id, run.epoch],
  );
  if (rows.length > 0) return;
  throw new AppError("conflict", `The run ${run.id} is not at work in this process any more; nothing was published.`);
}

async function artifactFor(change: Change, publication: Publication): Promise<Pick<ArtifactRow, "id" | "version">> {
  const { artifact, run, title } = publication;
  if (artifact === null) return await insertArtifact(change, publication);
  const found = await findArtifact(change.transaction, artifact, "update");
  const isOurs = found.agent_id === run.agentId || (run.goalId !== null && found.goal_id === run.goalId);
  if (!isOurs) {
    throw new AppError("forbidden", `The artifact ${found.id} is another agent's; nothing was published.`, {
      hint: "Publish an artifact of your own: leave `artifact` out.",
    });
  }
  await change.transaction.query("UPDATE artifacts SET title = $2 WHERE id = $1", [found.id, title]);
  return found;
}

/** A new artifact, which has no version yet, under a name that no other has. */
async function insertArtifact(
  change: Change,
  { run, title }: Publication,
): Promise<{ id: ArtifactId; version: number }> {
  const id = newId("artifact");
  const base = slug(title, "artifact");
  for (let count = 1; count <= MAX_NAME_TRIES; count += 1) {
    const name = count < MAX_NAME_TRIES ? (count === 1 ? base : `${base}-${count}`) : id;
    const { rows } = await change.transaction.query(
      `INSERT INTO artifacts (id, name, title, agent_id, goal_id, thread_id, run_id, version, kind, bytes, file,
         created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 'other', 0, '', $8, $8) ON CONFLICT (name) DO NOTHING RETURNING id`,
      [id, name, title, run.agentId, run.goalId, run.threadId, run.id, change.now],
    );
    if (rows.length > 0) return { id, version: 0 };
  }
  throw new AppError("conflict", `There is no free name for an artifact called ${JSON.stringify(title)}.`);
}

/** Before the file is written, so that no crash leaves it without. */
async function labelFile(
  parts: ArtifactParts,
  change: Change,
  { run, sources }: Publication,
  artifact: ArtifactRow,
): Promise<void> {
  const path = `${parts.workspace.folder}/${artifactPath(artifact)}`;
  const at = change.now.toISOString();
  await labelFiles(change.transaction, [
    { path, sources, run_id: run.id, at, ...(sources.length === 0 ? { clear: true as const } : {}) },
  ]);
}

/** A name that every disk takes, and that is no hidden file. */
function fileName(name: string): string {
  const plain = name
    .normalize("NFC")
    .replace(/[\p{C}/\\:*?"<>|]+/gu, "-")
    .replace(/^[.\s-]+|[.\s]+$/g, "");
  if (plain.length <= MAX_FILE_NAME_CHARACTERS) return plain === "" ? "file" : plain;
  const dot = plain.lastIndexOf(".");
  const ending = dot > plain.length - 12 ? plain.slice(dot) : "";
  return `${plain.slice(0, MAX_FILE_NAME_CHARACTERS - ending.length).toWellFormed()}${ending}`;
}
