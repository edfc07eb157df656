import { z } from "zod";
import {
  Artifact,
  ARTIFACT_STATUSES,
  ArtifactComment,
  ArtifactDifference,
  ArtifactVersion,
  CommentArtifact,
} from "./artifact.ts";
import { oneOrMany, Page, Reference, whole } from "./api-inputs.ts";
import { endpoint } from "./endpoint.ts";
import { Preview } from "./preview.ts";
import { Run } from "./run.ts";

const group = "artifacts";
const MAX_VERSION = 2_147_483_647;

export const ListArtifacts = Page.extend({
  status: oneOrMany(ARTIFACT_STATUSES).default(["published"]),
  agent: Reference.optional(),
  goal: Reference.optional(),
  run: Reference.optional(),
  thread: Reference.optional(),
});
export type ListArtifacts = z.infer<typeof ListArtifacts>;

export const DifferenceQuery = z.strictObject({
  /** The version before `to` where absent. */
  from: whole(1, MAX_VERSION).optional(),
  /** The newest where absent. */
  to: whole(1, MAX_VERSION).optional(),
});
export type DifferenceQuery = z.infer<typeof DifferenceQuery>;

export const ArtifactList = z.object({ artifacts: z.array(Artifact), nextCursor: z.string().nullable() });
export type ArtifactList = z.infer<typeof ArtifactList>;

/** An artifact with what belongs to it, the newest first. */
export const ArtifactDetail = z.object({
  artifact: Artifact,
  versions: z.array(ArtifactVersion),
  comments: z.array(ArtifactComment),
  /** What is to be known of its plain file, such as that it is gone; null when it holds the newest version. */
  fileNote: z.string().nullable(),
});
export type ArtifactDetail = z.infer<typeof ArtifactDetail>;

/** The comment, and the run that reads it. `steered` is false when the comment started it. */
export const CommentReply = z.object({ comment: ArtifactComment, run: Run, steered: z.boolean() });
export type CommentReply = z.infer<typeof CommentReply>;

export const artifactsApi = {
  listArtifacts: endpoint("GET", "/api/artifacts", {
    summary: "What runs have published, newest first",
    group,
    query: ListArtifacts,
    reply: ArtifactList,
    errors: ["not_found"],
  }),
  getArtifact: endpoint("GET", "/api/artifacts/:artifact", {
    summary: "One artifact, by id or name, with its versions and comments; a change by hand of its file is taken up",
    group,
    reply: ArtifactDetail,
    errors: ["not_found", "conflict", "unavailable"],
  }),
  diffArtifact: endpoint("GET", "/api/artifacts/:artifact/diff", {
    summary: "What changed between two versions, line by line",
    group,
    query: DifferenceQuery,
    reply: ArtifactDifference,
    errors: ["not_found", "conflict", "unavailable"],
  }),
  previewArtifact: endpoint("GET", "/api/artifacts/:artifact/versions/:version/preview", {
    summary: "A version to look at, as data; the version is a number or `newest`",
    group,
    reply: Preview,
    errors: ["not_found", "conflict", "unavailable"],
  }),
  getArtifactContent: endpoint("GET", "/api/artifacts/:artifact/versions/:version/content", {
    summary: "The bytes of a version, as a download that no browser runs; the version is a number or `newest`",
    group,
    reply: "bytes",
    errors: ["not_found", "conflict", "unavailable"],
  }),
  commentArtifact: endpoint("POST", "/api/artifacts/:artifact/comments", {
    summary: "Say something of a version; its agent reads it in the artifact's thread, at once or in a new run",
    group,
    body: CommentArtifact,
    reply: CommentReply,
    errors: ["not_found", "conflict", "unavailable"],
  }),
  resolveComment: endpoint("POST", "/api/artifacts/:artifact/comments/:commentId/resolve", {
    summary: "Mark a comment as done with",
    group,
    reply: ArtifactComment,
    errors: ["not_found"],
  }),
  reopenComment: endpoint("POST", "/api/artifacts/:artifact/comments/:commentId/reopen", {
    summary: "Mark a comment as open again",
    group,
    reply: ArtifactComment,
    errors: ["not_found"],
  }),
  archiveArtifact: endpoint("POST", "/api/artifacts/:artifact/archive", {
    summary: "Take an artifact out of the list; everything of it stays",
    group,
    reply: Artifact,
    errors: ["not_found"],
  }),
  unarchiveArtifact: endpoint("POST", "/api/artifacts/:artifact/unarchive", {
    summary: "Put an archived artifact back into the list",
    group,
    reply: Artifact,
    errors: ["not_found"],
  }),
};
