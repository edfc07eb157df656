import { AppError, type AppErrorOptions, type ToolCallId, type ToolEffect, type ToolView } from "@bureau/protocol";
import type { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";

/** A result has two readers: `text` is for the model, `view` for a person. */
export interface ToolOutput {
  /** Bounded by the tool; when cut it says how to get the rest. */
  text: string;
  view?: ToolView;
}

/** What a tool may use. Nothing else reaches it. */
export interface ToolContext {
  toolCallId: ToolCallId;
  runId: string;
  threadId: string;
  goalId: string | null;
  /** The agent's folder, absolute and real. Paths cannot leave it. */
  folder: string;
  /** Aborted when the run is stopped, paused or edited: the tool must end its work. */
  signal: AbortSignal;
  sandbox: Sandbox;
  /** A person said yes to this exact call. */
  approved: boolean;
  clock: Clock;
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
