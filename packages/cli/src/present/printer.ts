import type {
  BureauEvent,
  Evidence,
  InboxEntry,
  Item,
  ItemContent,
  LiveDelta,
  Run,
  ToolView,
  View,
} from "@bureau/protocol";
import type { Terminal } from "../terminal.ts";
import { evidenceLine } from "./evidence.ts";
import { cleanText, count, oneLine, paint, span } from "./text.ts";

const MAX_STREAMED_STEPS = 100;
const MAX_HELD_CHARACTERS = 100_000;
const LINE = 160;

/** Writes what happens for people: words of the agent on standard output, all else on standard error. */
export interface Printer {
  event(event: BureauEvent, view: View): void;
  delta(delta: LiveDelta): void;
  item(item: Item): void;
  /** Ends a line that was begun. */
  close(): void;
}

interface State {
  terminal: Terminal;
  hidesPerson: boolean;
  /** Text that was written as it came, by step; the item that follows is the same text whole. */
  streamed: Map<string, string>;
  /** Steps that are known to have begun. */
  begun: Set<string>;
  /** Text of a step whose beginning was not told yet: deltas are faster than events, and would come before them. */
  held: Map<string, string>;
  /** The last thing written has no line end yet. */
  open: boolean;
  /** Arguments of calls, by the call's id, until their result comes. */
  calls: Map<string, unknown>;
}

export interface PrinterOptions {
  /** The person has just written it and need not see it again. */
  hidesPerson?: boolean;
  /** Steps that had begun before the first event comes. */
  begun?: readonly string[];
}

export function createPrinter(terminal: Terminal, { hidesPerson = false, begun = [] }: PrinterOptions = {}): Printer {
  const state: State = {
    terminal,
    hidesPerson,
    streamed: new Map(),
    begun: new Set(begun),
    held: new Map(),
    open: false,
    calls: new Map(),
  };
  return {
    event: (event, view) => showEvent(state, event, view),
    delta: (delta) => showDelta(state, delta),
    item: (item) => showItem(state, item),
    close: () => closeLine(state),
  };
}

function showDelta(state: State, delta: LiveDelta): void {
  if (delta.kind !== "text" || delta.text === "") return;
  if (state.begun.has(delta.stepId)) {
    writeText(state, delta.stepId, delta.text);
    return;
  }
  const held = (state.held.get(delta.stepId) ?? "") + delta.text;
  if (state.held.size < MAX_STREAMED_STEPS && held.length < MAX_HELD_CHARACTERS) state.held.set(delta.stepId, held);
}

function beginStep(state: State, stepId: string | undefined): void {
  if (stepId === undefined) return;
  if (state.begun.size >= MAX_STREAMED_STEPS) state.begun.clear();
  state.begun.add(stepId);
  const held = state.held.get(stepId);
  state.held.delete(stepId);
  if (held !== undefined) writeText(state, stepId, held);
}

function writeText(state: State, stepId: string, raw: string): void {
  const before = state.streamed.get(stepId) ?? "";
  if (before === "") {
    closeLine(state);
    if (state.streamed.size >= MAX_STREAMED_STEPS) state.streamed.clear();
  }
  state.streamed.set(stepId, before + raw);
  const text = cleanText(raw);
  state.terminal.out(text);
  state.open = !text.endsWith("\n");
}

/** Waits that no entry of the inbox tells of. */
const SAID_WAITS: readonly Run["waitReason"][] = ["timer", "paused"];

function showEvent(state: State, event: BureauEvent, view: View): void {
  const { data } = event;
  switch (event.type) {
    case "step.started":
      beginStep(state, (data["step"] as { id?: string } | undefined)?.id);
      return;
    case "item.added":
      showAddedItem(state, data["item"] as Item | undefined, view);
      return;
    case "evidence.added":
      progress(state, evidenceLine(state.terminal, data["evidence"] as Evidence));
      return;
    case "approval.requested":
    case "question.asked":
    case "sign_off.requested":
      showEntry(state, data["entry"] as InboxEntry | undefined);
      return;
    case "run.waiting":
      if (SAID_WAITS.includes((data["run"] as Partial<Run>).waitReason ?? null)) progress(state, sentenceOf(event));
      return;
    case "run.failed":
    case "run.canceled":
      progress(state, paint(state.terminal, "red", sentenceOf(event)));
      return;
    case "run.completed":
      if (event.goalId !== null || (data["run"] as Partial<Run>).outcome === "nothing_done")
        progress(state, sentenceOf(event));
      return;
    case "step.failed":
      progress(state, paint(state.terminal, "dim", failedStep(event, view)));
      return;
    default:
      return;
  }
}

/** What a check tells the agent repeats the findings that come one by one. */
function showAddedItem(state: State, item: Item | undefined, view: View): void {
  if (item === undefined) return;
  const isOfCheck = item.stepId !== null && view.steps[item.stepId]?.kind === "check";
  if (!isOfCheck) showItem(state, item);
}

function sentenceOf(event: BureauEvent): string {
  return oneLine((event.data["run"] as Partial<Run> | undefined)?.sentence ?? event.type, 500);
}

function failedStep(event: BureauEvent, view: View): string {
  const id = (event.data["step"] as { id?: string } | undefined)?.id ?? "";
  const step = view.steps[id];
  return `A ${step?.kind === "model_call" ? "model call" : "step"} failed: ${oneLine(step?.error ?? "no reason given", LINE)}`;
}

function showItem(state: State, item: Item): void {
  const { content } = item;
  switch (content.type) {
    case "message":
      showMessage(state, item, content);
      return;
    case "tool_call":
      state.calls.set(content.toolCallId, content.arguments);
      return;
    case "tool_result":
      progress(state, toolLine(state, content));
      state.calls.delete(content.toolCallId);
      return;
    case "approval":
      progress(state, `${content.decision}${content.note === undefined ? "" : `: ${oneLine(content.note, LINE)}`}`);
      return;
    case "artifact":
      progress(state, `published ${oneLine(content.title)} (${oneLine(content.path)})`);
      return;
    case "notice":
      progress(state, oneLine(content.text, 500));
      return;
    case "summary":
      progress(state, paint(state.terminal, "dim", "Older items were summed up for the model; the thread keeps them."));
      return;
    case "question":
    case "reasoning":
      return;
  }
}

function showMessage(state: State, item: Item, content: Extract<ItemContent, { type: "message" }>): void {
  if (content.role !== "agent") {
    if (content.role === "person" && state.hidesPerson) return;
    const who = content.role === "person" ? "You" : "Runtime";
    progress(state, paint(state.terminal, "dim", `${who}: ${oneLine(content.text, LINE)}`));
    return;
  }
  const streamed = item.stepId === null ? undefined : state.streamed.get(item.stepId);
  if (item.stepId !== null) {
    state.streamed.delete(item.stepId);
    state.held.delete(item.stepId);
  }
  closeLine(state);
  // The item is what counts: it differs when a model call was made again after a part had come.
  if (streamed === content.text) return;
  state.terminal.out(`${cleanText(content.text).trimEnd()}\n`);
}

function showEntry(state: State, entry: InboxEntry | undefined): void {
  if (entry === undefined) return;
  progress(state, paint(state.terminal, "yellow", `Waits for you: ${oneLine(entry.title, 500)}`));
  for (const [index, choice] of entry.choices.entries()) progress(state, `  ${index + 1}. ${oneLine(choice)}`);
  progress(state, `  ${replyCommand(entry)}`);
}

/** The command with which a person ends the waiting. */
export function replyCommand(entry: InboxEntry): string {
  switch (entry.kind) {
    case "approval":
    case "sign_off":
    case "unknown_effect":
      return `bureau inbox approve ${entry.id}   (or deny)`;
    case "question":
      return `bureau inbox answer ${entry.id} ${entry.choices.length > 0 ? "--choice 1" : '"…"'}`;
    case "stopped":
    case "failed_run":
    case "budget":
    case "sign_in":
      return `bureau inbox dismiss ${entry.id}`;
  }
}

function toolLine(state: State, content: Extract<ItemContent, { type: "tool_result" }>): string {
  const { terminal } = state;
  const failed = content.status !== "completed";
  const name = paint(terminal, failed ? "red" : "blue", content.name);
  const said = content.view === undefined ? argumentsText(state.calls.get(content.toolCallId)) : viewText(content.view);
  const why = failed ? ` (${content.status}: ${oneLine(content.text, LINE)})` : "";
  return `  ${[name, said].filter((part) => part !== "").join(" ")}${why}`;
}

function argumentsText(args: unknown): string {
  if (typeof args !== "object" || args === null) return "";
  const first = Object.values(args).find((value) => typeof value === "string");
  return typeof first === "string" ? oneLine(first, 100) : "";
}

/** What a person sees of a tool's result, in one line. */
export function viewText(view: ToolView): string {
  switch (view.type) {
    case "text":
      return oneLine(view.text, LINE);
    case "file":
      return `${oneLine(view.path)}${view.lines === undefined ? "" : `, ${count(view.lines, "line")}`}`;
    case "difference":
      return `${oneLine(view.path)}, ${count(view.before.split("\n").length, "line")} to ${view.after.split("\n").length}`;
    case "command":
      return `$ ${oneLine(view.command, 100)} (${view.exitCode === null ? "ended" : `exit ${view.exitCode}`}, ${span(view.durationMs)})`;
    case "list":
      return `${oneLine(view.title)}, ${count(view.entries.length, "entry", "entries")}`;
    case "page":
      return `${oneLine(view.url)} (${view.status})`;
    case "plan":
      return `${view.steps.filter((step) => step.status === "done").length} of ${view.steps.length} done`;
  }
}

function progress(state: State, text: string): void {
  closeLine(state);
  state.terminal.err(`${text}\n`);
}

function closeLine(state: State): void {
  if (!state.open) return;
  state.terminal.out("\n");
  state.open = false;
}
