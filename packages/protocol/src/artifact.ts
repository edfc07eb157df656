import { z } from "zod";
import { storable } from "./api-inputs.ts";
import { ContentSource } from "./effect.ts";
import type {
  AgentId,
  ArtifactCommentId,
  ArtifactId,
  ArtifactVersionId,
  GoalId,
  RunId,
  ThreadId,
  ToolCallId,
} from "./ids.ts";
import { PREVIEW_KINDS } from "./preview.ts";

const id = <T extends string>() => z.custom<T>((value) => typeof value === "string");

const QUOTE_CHARACTERS = 4_000;
const COMMENT_CHARACTERS = 20_000;
const MAX_LINE = 10_000_000;

export const ARTIFACT_STATUSES = ["published", "archived"] as const;
export type ArtifactStatus = (typeof ARTIFACT_STATUSES)[number];

/** A version was published by a run, or somebody changed its file by hand. */
export const VERSION_ORIGINS = ["run", "hand"] as const;
export type VersionOrigin = (typeof VERSION_ORIGINS)[number];

export const COMMENT_STATUSES = ["open", "resolved"] as const;

/** A versioned result that a run has published for people. */
export const Artifact = z.object({
  id: id<ArtifactId>(),
  /** Its folder in `artifacts/` of the workspace; no other has it. */
  name: z.string(),
  title: z.string(),
  status: z.enum(ARTIFACT_STATUSES),
  agentId: id<AgentId>(),
  goalId: id<GoalId>().nullable(),
  /** Where it was published last; comments on it are said there. */
  threadId: id<ThreadId>(),
  /** The run that published last. */
  runId: id<RunId>(),
  /** Number of the newest version, from 1. */
  version: z.number().int(),
  kind: z.enum(PREVIEW_KINDS),
  bytes: z.number().int(),
  /** The newest version as a plain file, relative to the workspace's folder. */
  path: z.string(),
  openComments: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Artifact = z.infer<typeof Artifact>;

/** One state of an artifact. Never changes. */
export const ArtifactVersion = z.object({
  id: id<ArtifactVersionId>(),
  artifactId: id<ArtifactId>(),
  number: z.number().int(),
  origin: z.enum(VERSION_ORIGINS),
  runId: id<RunId>().nullable(),
  toolCallId: id<ToolCallId>().nullable(),
  /** Name of its file. */
  file: z.string(),
  kind: z.enum(PREVIEW_KINDS),
  mediaType: z.string(),
  bytes: z.number().int(),
  /** SHA-256 of its bytes. */
  hash: z.string(),
  /** What the agent says of it. */
  note: z.string().nullable(),
  /** Content from outside that may be in it. */
  sources: z.array(ContentSource),
  createdAt: z.string(),
});
export type ArtifactVersion = z.infer<typeof ArtifactVersion>;

/** Where in a version a comment stands: its lines from 1, both ends counted, or words of it. */
export const CommentPlace = z
  .strictObject({
    lines: z
      .strictObject({ from: z.number().int().min(1).max(MAX_LINE), to: z.number().int().min(1).max(MAX_LINE) })
      .refine(({ from, to }) => from <= to, { message: "must not end before they begin" })
      .optional(),
    quote: storable(QUOTE_CHARACTERS).optional(),
  })
  .refine((place) => (place.lines === undefined) !== (place.quote === undefined), {
    message: "exactly one of lines and quote must be given",
  });
export type CommentPlace = z.infer<typeof CommentPlace>;

/** What a person says of a version. */
export const ArtifactComment = z.object({
  id: id<ArtifactCommentId>(),
  artifactId: id<ArtifactId>(),
  /** Number of the version. */
  version: z.number().int(),
  text: z.string(),
  /** Null: the whole. */
  place: CommentPlace.nullable(),
  status: z.enum(COMMENT_STATUSES),
  /** Who said it. */
  by: z.string(),
  createdAt: z.string(),
  resolvedAt: z.string().nullable(),
  resolvedBy: z.string().nullable(),
});
export type ArtifactComment = z.infer<typeof ArtifactComment>;

export const CommentArtifact = z.strictObject({
  text: storable(COMMENT_CHARACTERS),
  /** The newest where absent. */
  version: z.number().int().min(1).max(2_147_483_647).optional(),
  place: CommentPlace.optional(),
});
export type CommentArtifact = z.infer<typeof CommentArtifact>;

/** Lines that differ, with some that do not around them. Each line begins with a space, `-` or `+`, as in a patch. */
export const DifferenceHunk = z.object({
  oldStart: z.number().int(),
  oldLines: z.number().int(),
  newStart: z.number().int(),
  newLines: z.number().int(),
  lines: z.array(z.string()),
});
export type DifferenceHunk = z.infer<typeof DifferenceHunk>;

/** What changed between two versions, line by line. */
export const ArtifactDifference = z.object({
  from: ArtifactVersion,
  to: ArtifactVersion,
  added: z.number().int(),
  removed: z.number().int(),
  hunks: z.array(DifferenceHunk),
  /** True when there is more than is told. */
  truncated: z.boolean(),
});
export type ArtifactDifference = z.infer<typeof ArtifactDifference>;
