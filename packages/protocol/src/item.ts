import { z } from "zod";
import { ContentSource } from "./effect.ts";
import type { ApprovalId, ArtifactId, ItemId, QuestionId, RunId, StepId, ThreadId, ToolCallId } from "./ids.ts";
import { PREVIEW_KINDS } from "./preview.ts";
import { TOOL_CALL_STATUSES } from "./run.ts";

const id = <T extends string>() => z.custom<T>((value) => typeof value === "string");

/** Opaque data of a provider that must be sent back with the part it came with. */
export const ProviderData = z.record(z.string(), z.unknown());

/** Where the whole of a large content is kept; the text beside it is only its beginning. */
export const BlobReference = z.object({ hash: z.string(), bytes: z.number().int() });
export type BlobReference = z.infer<typeof BlobReference>;

/** What a person sees of a tool's result; the model reads `text`. */
export const ToolView = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("file"), path: z.string(), bytes: z.number(), lines: z.number().optional() }),
  z.object({ type: z.literal("difference"), path: z.string(), before: z.string(), after: z.string() }),
  z.object({
    type: z.literal("command"),
    command: z.string(),
    exitCode: z.number().nullable(),
    output: z.string(),
    durationMs: z.number(),
  }),
  z.object({ type: z.literal("list"), title: z.string(), entries: z.array(z.string()) }),
  z.object({ type: z.literal("page"), url: z.string(), status: z.number(), title: z.string() }),
  z.object({
    type: z.literal("plan"),
    steps: z.array(z.object({ text: z.string(), status: z.enum(["open", "in_progress", "done"]) })),
  }),
]);
export type ToolView = z.infer<typeof ToolView>;

export const ItemContent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("message"),
    role: z.enum(["person", "agent", "runtime"]),
    text: z.string(),
    provider: ProviderData.optional(),
    blob: BlobReference.optional(),
  }),
  z.object({
    type: z.literal("reasoning"),
    text: z.string(),
    provider: ProviderData.optional(),
    blob: BlobReference.optional(),
  }),
  z.object({
    type: z.literal("tool_call"),
    toolCallId: id<ToolCallId>(),
    /** The provider's own id of the call, sent back to it. */
    providerCallId: z.string(),
    name: z.string(),
    arguments: z.unknown(),
    provider: ProviderData.optional(),
    blob: BlobReference.optional(),
  }),
  z.object({
    type: z.literal("tool_result"),
    toolCallId: id<ToolCallId>(),
    name: z.string(),
    status: z.enum(TOOL_CALL_STATUSES),
    text: z.string(),
    /** Set when it was written outside the workspace. */
    source: ContentSource.optional(),
    view: ToolView.optional(),
    blob: BlobReference.optional(),
  }),
  z.object({
    type: z.literal("approval"),
    approvalId: id<ApprovalId>(),
    decision: z.enum(["approved", "denied", "expired"]),
    note: z.string().optional(),
  }),
  z.object({ type: z.literal("question"), questionId: id<QuestionId>(), text: z.string() }),
  z.object({
    type: z.literal("artifact"),
    /** Relative to the workspace's folder. */
    path: z.string(),
    title: z.string(),
    artifactId: id<ArtifactId>().optional(),
    version: z.number().int().optional(),
    kind: z.enum(PREVIEW_KINDS).optional(),
    bytes: z.number().int().optional(),
    note: z.string().nullable().optional(),
  }),
  z.object({ type: z.literal("notice"), text: z.string() }),
  /** Stands in the model's input for all items before `before`; the thread keeps them. */
  z.object({ type: z.literal("summary"), text: z.string(), before: z.number().int() }),
]);
export type ItemContent = z.infer<typeof ItemContent>;
export type ItemType = ItemContent["type"];

/** One entry of a thread. Append-only: an item never changes. */
export const Item = z.object({
  id: id<ItemId>(),
  threadId: id<ThreadId>(),
  runId: id<RunId>().nullable(),
  stepId: id<StepId>().nullable(),
  /** Position in the thread, from 1, without gaps. */
  position: z.number().int(),
  turn: z.number().int(),
  content: ItemContent,
  createdAt: z.string(),
});
export type Item = z.infer<typeof Item>;
