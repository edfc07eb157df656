import type { Item, ItemContent, Run } from "@bureau/protocol";
import type { Draft } from "../../live/store.ts";
import { type Call, callsOf } from "./calls.ts";

type ContentOf<T extends ItemContent["type"]> = Extract<ItemContent, { type: T }>;
type Said = "message" | "reasoning" | "approval" | "question" | "artifact" | "notice" | "summary";

/** One line of a conversation on the screen. */
export type Row =
  | { [T in Said]: { kind: T; key: string; item: Item; content: ContentOf<T> } }[Said]
  | { kind: "work"; key: string; calls: readonly Call[]; at: string }
  | { kind: "draft"; key: string; draft: Draft }
  | { kind: "day"; key: string; at: string };

export interface RowsInput {
  items: readonly Item[];
  drafts: Readonly<Record<string, Draft>>;
  /** Runs of the thread that are not over, by id. */
  openRuns: readonly Pick<Run, "id">[];
}

/**
 * The lines that items make: calls that follow each other are one line of work, a call's result stands at the call,
 * and what is being written comes last. The keys stay when items are added at either end.
 */
export function rowsOf({ items, drafts, openRuns }: RowsInput): Row[] {
  const rows: Row[] = [];
  const calls = callsOf(items);
  const shown = new Set<string>();
  const keys = keysOfAnswers(items);
  // What came before the first item that is here is not known, so whether a day begins with it is neither.
  const [first] = items;
  let day = first === undefined || first.position === 1 ? "" : dayOf(first.createdAt);
  for (const item of items) {
    const found = rowOf(item, calls, shown);
    if (found === null) continue;
    const row = { ...found, key: keys.get(item.id) ?? found.key };
    const itemDay = dayOf(item.createdAt);
    if (itemDay !== day && row.kind !== "work") {
      rows.push({ kind: "day", key: `day-${itemDay}`, at: item.createdAt });
      day = itemDay;
    }
    const last = rows.at(-1);
    if (row.kind === "work" && last?.kind === "work")
      rows[rows.length - 1] = { ...last, calls: [...last.calls, ...row.calls] };
    else rows.push(row);
  }
  const open = new Set<string>(openRuns.map(({ id }) => id));
  for (const [stepId, draft] of Object.entries(drafts)) {
    if (open.has(draft.runId) && (draft.text !== "" || draft.reasoning !== "")) {
      rows.push({ kind: "draft", key: answerKey(stepId), draft });
    }
  }
  return rows;
}

/** An answer takes the place of its draft: the same line, with the height that it has. */
function keysOfAnswers(items: readonly Item[]): Map<string, string> {
  const answers = new Map<string, string>();
  for (const { id, stepId, content } of items) {
    if (stepId !== null && content.type === "message" && content.role === "agent") answers.set(stepId, id);
  }
  return new Map([...answers].map(([stepId, id]) => [id, answerKey(stepId)]));
}

function answerKey(stepId: string): string {
  return `answer-${stepId}`;
}

function rowOf(item: Item, calls: Map<string, Call>, shown: Set<string>): Row | null {
  const { content, id: key } = item;
  switch (content.type) {
    case "tool_call":
    case "tool_result": {
      const call = calls.get(content.toolCallId);
      if (call === undefined || shown.has(call.id)) return null;
      shown.add(call.id);
      return { kind: "work", key, calls: [call], at: item.createdAt };
    }
    case "message":
      return content.text.trim() === "" ? null : { kind: "message", key, item, content };
    case "reasoning":
      return content.text.trim() === "" ? null : { kind: "reasoning", key, item, content };
    case "approval":
      return { kind: "approval", key, item, content };
    case "question":
      return { kind: "question", key, item, content };
    case "artifact":
      return { kind: "artifact", key, item, content };
    case "notice":
      return { kind: "notice", key, item, content };
    case "summary":
      return { kind: "summary", key, item, content };
  }
}

function dayOf(at: string): string {
  return new Date(at).toDateString();
}
