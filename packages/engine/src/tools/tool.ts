import {
  AppError,
  type AppErrorOptions,
  type ArtifactId,
  type ItemContent,
  type PreviewKind,
  type Receipt,
  type ToolCallId,
  type ToolEffect,
  type ToolView,
} from "@bureau/protocol";
import type { z } from "zod";
import type { Clock } from "../clock.ts";
import type { ActionDetails, Source, Trust } from "../domain/action.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";

/** A result has two readers: `text` is for the model, `view` for a person. */
export interface ToolOutput {
  /** Bounded by the tool; when cut it says how to get the rest. */
  text: string;
  view?: ToolView;
  /** Where the content came from, in place of the tool's name. */
  source?: string;
  /** In place of the tool's own `trust`. */
  trust?: Trust;
  /** Of a write outside: what proves it, such as the provider's id and a link to the thing. Kept in the ledger. */
  receipt?: EffectReceipt;
  /** Labels of files that were read. */
  sources?: readonly Source[];
  /** Stands in the thread for people, after the result. */
  item?: Extract<ItemContent, { type: "artifact" }>;
}

/** What a tool asks to be published. */
export interface NewPublication {
  title: string;
  note: string | null;
  /** Id or name of the artifact that this is a new version of. */
  artifact: string | null;
  /** The file of the agent's folder that it is read from. */
  path: string | null;
  /** Not called where the same call has published before. */
  read(): { file: string; bytes: Buffer };
}

export interface PublishedArtifact {
  artifactId: ArtifactId;
  version: number;
  /** The plain file, relative to the workspace's folder. */
  path: string;
  kind: PreviewKind;
  bytes: number;
  /** What is to be known besides, in sentences. */
  notes: string[];
}

/** What proves that an effect took place. */
export type EffectReceipt = Receipt;

/** What asking the provider about an effect came to. `absent`: it certainly did not take place. */
export type EffectFound =
  | { outcome: "done"; receipt: EffectReceipt; text: string }
  | { outcome: "absent" }
  | { outcome: "unknown" };

/** In place of a path, which never holds this: any file of the agent's folder. */
export const ANY_FILE = "\0";

/** What a tool may use. Nothing else reaches it. */
export interface ToolContext {
  toolCallId: ToolCallId;
  runId: string;
  threadId: string;
  goalId: string | null;
  /** Name of the agent, where settings differ by agent. */
  agent?: string;
  /** The agent's folder, absolute and real. Paths cannot leave it. */
  folder: string;
  /** Aborted when the run is stopped, paused or edited: the tool must end its work. */
  signal: AbortSignal;
  sandbox: Sandbox;
  /** A person said yes to this exact call. */
  approved: boolean;
  clock: Clock;
  /** Of a write outside: the key of this intent, to give to the provider so that it does the same thing once. */
  effectKey: string | null;
  /** Publishes a result for people; the same call publishes once. */
  publish?: (publication: NewPublication) => Promise<PublishedArtifact>;
  /** Live output for whoever watches; lost when nobody does. */
  onProgress?: (text: string) => void;
}

/**
 * A typed capability that an agent may call.
 *
 * A tool fails by throwing; the loop turns the message into a result that the model reads, so the message says
 * what was wrong, with which value, and what to do instead.
 */
export interface Tool<Args = unknown> {
  name: string;
  description: string;
  /** Must be a `z.object`; sent to the model as JSON schema and checked before `execute`. */
  parameters: z.ZodType<Args>;
  /**
   * A schema that others wrote: shown to the model as it is, in place of `parameters`. The arguments then reach the
   * tool exactly as the model gave them, nulls and unknown names included; `parameters` only checks them.
   */
  inputSchema?: Readonly<Record<string, unknown>>;
  effect: ToolEffect;
  /** True only when running the same call twice leaves the same state as running it once. */
  idempotent: boolean;
  /** True when calls of one answer must not run side by side; they then run in the order the model gave. */
  exclusive?: boolean;
  execute(args: Args, context: ToolContext): Promise<ToolOutput>;
  /**
   * Finds a call that a dead process had started. Returns its output if it ended or is still running (it is
   * then waited for), or null when its outcome cannot be known. Absent: unknown, unless the tool is idempotent.
   */
  recover?(args: Args, context: ToolContext): Promise<ToolOutput | null>;
  /** Called once the outcome of a call is stored, to drop what `recover` would have needed. */
  forget?(context: Pick<ToolContext, "toolCallId" | "sandbox">): Promise<void>;
  /** What rules and the ledger call it: `mail.send`; its name where absent. */
  kind?: string;
  /** Of a write outside: what it does can be taken back by `undo`. */
  reversible?: boolean;
  /** Of a write outside: milliseconds in which a person can still stop it after it was approved; 0 where absent. */
  undoWindowMs?: number;
  /** Whether what it answers was written outside the workspace; trusted where absent. */
  trust?: Trust;
  /** The file of the agent's folder that it reads, or `ANY_FILE`; for the labels of files. */
  opens?(args: Args): string;
  /** The file of the agent's folder that it writes, or `ANY_FILE`. */
  writes?(args: Args): string;
  /** It writes files whole, so that nothing of what was in them stays. */
  replaces?: boolean;
  /** What policy looks at. Absent: no targets, all values are content. */
  describe?(args: Args, context?: { agent: string }): ActionDetails;
  /** Asks the provider whether a write outside whose outcome is not known took place. Must only read. */
  reconcile?(args: Args, context: ToolContext): Promise<EffectFound>;
  /** Takes back a write outside. */
  undo?(args: Args, receipt: EffectReceipt, context: ToolContext): Promise<ToolOutput>;
  /** Asks a person instead of running, when this call must not run by itself; the text says why. */
  needsApproval?(args: Args, context: Pick<ToolContext, "folder" | "sandbox">): Promise<string | null>;
}

/** Thrown when it cannot be known whether a call took effect. The call is then `interrupted` and never repeated. */
export class OutcomeUnknown extends AppError {
  constructor(message: string, options: AppErrorOptions = {}) {
    super("conflict", message, options);
  }
}

export function defineTool<Args>(tool: Tool<Args>): Tool<Args> {
  return tool;
}
