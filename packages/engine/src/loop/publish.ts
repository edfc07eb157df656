import type { AgentId, GoalId, RunId, ThreadId } from "@bureau/protocol";
import type { ArtifactParts } from "../commands/artifact-parts.ts";
import { withSources } from "../domain/sources.ts";
import { type Publication, publishArtifact } from "../commands/publish-artifact.ts";
import { artifactPath } from "../store/artifacts.ts";
import { withReconnect } from "../store/database.ts";
import type { LoadedCall } from "../store/load-run.ts";
import type { NewPublication, PublishedArtifact } from "../tools/tool.ts";
import type { Journal } from "./journal.ts";
import { labelsRead } from "./labels.ts";
import { type LoopParts, patience } from "./parts.ts";

/** What publishing stands on, of what runs stand on. */
export function artifactParts(parts: LoopParts): ArtifactParts {
  const { clock, dispatcher, signals, blobs, secretIn } = parts;
  const database = { query: parts.reads.query, transaction: parts.database.transaction };
  return { database, clock, dispatcher, signals, blobs, secretIn, workspace: { folder: parts.workspace } };
}

/** Publishes for a call. The version carries what the run has read from outside, and what its file does. */
export async function publishForCall(
  parts: LoopParts,
  journal: Journal,
  call: LoadedCall,
  { path, ...publication }: NewPublication,
): Promise<PublishedArtifact> {
  const { run, agent } = journal;
  const read =
    path === null || !(await parts.policy(false)).hasFileLabels ? [] : await labelsRead(parts, agent.folder, path);
  const sources = withSources(journal.facts.taint, read);
  // Once for a call, so that it may be asked for again when an answer was lost.
  const wanted: Publication = {
    ...publication,
    sources,
    toolCallId: call.id as `call_${string}`,
    run: {
      id: run.id as RunId,
      epoch: run.epoch,
      threadId: run.threadId as ThreadId,
      goalId: run.goalId as GoalId | null,
      agentId: agent.id as AgentId,
    },
  };
  const publish = () => publishArtifact(artifactParts(parts), wanted);
  const { artifact, version, notes } = await withReconnect(publish, patience(parts));
  // The file's label is to be seen at once.
  if (sources.length > 0) await parts.policy(true);
  parts.live.committed();
  return {
    artifactId: artifact.id,
    version: version.number,
    path: artifactPath({ name: artifact.name, file: version.file }),
    kind: version.kind,
    bytes: Number(version.bytes),
    notes,
  };
}
