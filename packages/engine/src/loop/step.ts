import { newId, type ItemContent, type StepKind, type ToolCallStatus } from "@bureau/protocol";
import { timeText } from "../clock.ts";
import type { Source, Trust } from "../domain/action.ts";
import { packContent } from "../store/content.ts";
import type { Queryable } from "../store/database.ts";
import type { NewEvent } from "../store/events.ts";
import type { Changes, NewInboxEntry, NewItem, NewStep } from "../store/journal.ts";
import type { ToolOutput } from "../tools/tool.ts";
import { contentBytes, isForModel, type Journal, type RunFacts } from "./journal.ts";
import type { LoopParts } from "./parts.ts";

/** A step that was begun: its intent, and the work that leads to its outcome. */
export interface BegunStep {
  intent: Changes;
  /** Set when the run waits or is over once the intent is written. */
  ends?: true;
  /** Rows that the intent needs in the same transaction and the journal's statement does not write. */
  alongside?: Alongside;
  /**
   * Asked in the transaction of the intent, before it: may change the intent, or refuse it. After a refusal only the
   * outcome of the step before is written, and the run's next step is decided anew. That outcome is written after it.
   */
  admit?(transaction: Queryable, intent: Changes, outcome: Changes): Promise<Refusal | null>;
  /** Does the work once the intent is durable. Never throws for failures of models and tools: they are outcomes. */
  perform?(context: PerformContext): Promise<Changes>;
}

/** No room under a budget that several goals share: for good, or only while others have set some of it aside. */
export type Refusal =
  | { type: "exceeded"; sentence: string }
  /** `entryId`: the entry of the inbox that tells what the run waits for. */
  | { type: "busy"; retryAt: number; sentence?: string; entryId?: string };

export type Alongside = (transaction: Queryable) => Promise<void>;

export interface PerformContext {
  signal: AbortSignal;
  /** Writes an outcome before the rest of the step is done. Returns false when the run was lost. */
  commitEarly(outcome: Changes): Promise<boolean>;
}

/** What one call came to. */
export interface CallOutcome {
  status: ToolCallStatus;
  text: string;
  view?: NonNullable<ToolOutput["view"]>;
  receipt?: NonNullable<ToolOutput["receipt"]>;
  /** The tool was run, so that the text may be of strangers. */
  ran?: true;
  source?: string;
  trust?: Trust;
  sources?: readonly Source[];
  item?: NonNullable<ToolOutput["item"]>;
  facts?: RunFacts;
  inbox?: NewInboxEntry[];
}

/** A step row and its place in the run. Model calls and checks are told to watchers; a tool call has its own events. */
export function newStep(
  parts: LoopParts,
  journal: Journal,
  step: { kind: StepKind; name: string; reservedTokens?: number; reservedMicros?: number },
): { row: NewStep; events: NewEvent[] } {
  journal.run.stepCount += 1;
  const row: NewStep = {
    id: newId("step"),
    number: journal.run.stepCount,
    kind: step.kind,
    turn: journal.run.turn,
    name: step.name,
    reserved_tokens: step.reservedTokens ?? 0,
    reserved_micros: step.reservedMicros ?? 0,
    started_at: timeText(parts.clock.now()),
  };
  if (step.kind === "tool_call") return { row, events: [] };
  return { row, events: [event(journal, "step.started", { step: presentStep(journal, row) })] };
}

/** A step that was begun, as readers know it. */
export function presentStep(journal: Journal, row: NewStep): Record<string, unknown> {
  return {
    id: row.id,
    runId: journal.run.id,
    number: row.number,
    kind: row.kind,
    status: "running",
    turn: row.turn,
    name: row.name,
    attempts: 1,
    usage: null,
    error: null,
    startedAt: row.started_at,
    endedAt: null,
  };
}

export function event(journal: Journal, type: NewEvent["type"], data: Record<string, unknown>): NewEvent {
  return { type, threadId: journal.run.threadId, data };
}

/** Tells watchers what the goal has used, once a model call was charged to it. */
export function chargedEvents(journal: Journal): NewEvent[] {
  const { goal, run } = journal;
  return goal ? [event(journal, "goal.updated", { goal: { id: goal.id, usage: goal.usage }, turn: run.turn })] : [];
}

/** Items for the thread with their events, and the journal's memory of them. Large content is in a blob first. */
export async function newItems(
  parts: LoopParts,
  journal: Journal,
  stepId: string | null,
  contents: ItemContent[],
): Promise<{ items: NewItem[]; events: NewEvent[] }> {
  const created_at = timeText(parts.clock.now());
  const items: NewItem[] = [];
  const events: NewEvent[] = [];
  for (const content of contents) {
    const id = newId("item");
    const packed = await packContent(parts.blobs, content);
    items.push({
      id,
      thread_id: journal.run.threadId,
      step_id: stepId,
      turn: journal.run.turn,
      content: packed,
      created_at,
    });
    events.push(event(journal, "item.added", { itemId: id }));
    journal.pending.push({ id, stepId, content });
    journal.inputBytes += contentBytes(content);
    if (isForModel(content)) journal.hasUnread = true;
  }
  return { items, events };
}

/** Joins what several steps change; later patches of the run win. */
export function mergeChanges(...parts: Changes[]): Changes {
  const merged: Changes = {};
  for (const part of parts) {
    if (part.run) merged.run = mergeRun(merged.run, part.run);
    if (part.goal) merged.goal = { ...merged.goal, ...part.goal };
    for (const list of LISTS) {
      const rows = part[list];
      if (rows && rows.length > 0) (merged[list] as unknown[]) = [...((merged[list] as unknown[]) ?? []), ...rows];
    }
  }
  return merged;
}

const LISTS = [
  "steps",
  "stepPatches",
  "toolCalls",
  "toolCallPatches",
  "items",
  "evidence",
  "inbox",
  "events",
  "effects",
  "effectClaims",
  "effectPatches",
  "fileLabels",
  "spending",
] as const;

function mergeRun(before: Changes["run"], after: NonNullable<Changes["run"]>): NonNullable<Changes["run"]> {
  const state = before?.state || after.state ? { ...before?.state, ...after.state } : undefined;
  return { ...before, ...after, ...(state ? { state } : {}) };
}
