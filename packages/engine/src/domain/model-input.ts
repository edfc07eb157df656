import type { Item, ItemContent } from "@bureau/protocol";
import type { ModelMessage } from "../models/model.ts";

type AssistantMessage = Extract<ModelMessage, { role: "assistant" }>;
type ToolMessage = Extract<ModelMessage, { role: "tool" }>;
type ProviderOptions = NonNullable<ModelMessage["providerOptions"]>;
type ToolResultPart = Extract<ToolMessage["content"][number], { type: "tool-result" }>;
type Content<T extends ItemContent["type"]> = Extract<ItemContent, { type: T }>;

const NO_RESULT = "No result was recorded for this call. It may or may not have happened: look before you repeat it.";
const NO_OUTPUT = "(no output)";

interface Entry {
  message: ModelMessage;
  /** Position of the last item that is in the message. */
  position: number;
}

interface OpenCall {
  /** The id that the message names the call by. */
  id: string;
  name: string;
}

/**
 * A thread's items as the messages of a model's input, grown item by item so that a long thread is not read again
 * each turn. Holds messages of all steps but no system message.
 */
export interface ModelInput {
  entries: Entry[];
  /** The step that the last assistant message is made of. */
  stepId: string | null;
  /** Calls of the last assistant message that have no result yet, by our own id. */
  open: Map<string, OpenCall>;
  /** Messages that came while calls were open: they follow the results. */
  deferred: Entry[];
  /** Position of the last item taken in. */
  position: number;
}

export function createModelInput(items: readonly Item[] = []): ModelInput {
  const input: ModelInput = { entries: [], stepId: null, open: new Map(), deferred: [], position: 0 };
  appendItems(input, items);
  return input;
}

/**
 * Takes in the items that follow those already taken in, in thread order; items seen before are skipped.
 *
 * A summary item removes all that came before its `before` and stands at the front.
 */
export function appendItems(input: ModelInput, items: readonly Item[]): void {
  for (const item of items) {
    if (item.position <= input.position) continue;
    input.position = item.position;
    appendItem(input, item);
  }
}

/**
 * The messages to send. Each tool call has exactly one result directly after its assistant message; a call without
 * a recorded one gets a text that says so.
 */
export function modelMessages(input: ModelInput): ModelMessage[] {
  const messages = input.entries.map((entry) => entry.message);
  if (input.open.size > 0) {
    const results = [...input.open.values()].map((call) => resultPart(call, "interrupted", NO_RESULT));
    const last = messages.at(-1);
    if (last?.role === "tool") messages[messages.length - 1] = { ...last, content: [...last.content, ...results] };
    else messages.push({ role: "tool", content: results });
  }
  for (const entry of input.deferred) messages.push(entry.message);
  return messages;
}

function appendItem(input: ModelInput, item: Item): void {
  const { content } = item;
  switch (content.type) {
    case "message":
      if (content.role === "agent") return appendAnswer(input, item, textPart(content));
      return appendUserText(input, item.position, userText(content));
    case "reasoning":
      return appendAnswer(input, item, { type: "reasoning", text: content.text, ...options(content.provider) });
    case "tool_call":
      return appendCall(input, item, content);
    case "tool_result":
      return appendResult(input, item, content);
    case "summary":
      return applySummary(input, content);
    // For people. A question's answer and a denial reach the model as the result of their call.
    case "approval":
    case "question":
    case "artifact":
    case "notice":
      return;
  }
}

function appendUserText(input: ModelInput, position: number, text: string): void {
  if (text === "") return;
  const entry: Entry = { message: { role: "user", content: [{ type: "text", text }] }, position };
  if (input.open.size > 0) {
    input.deferred.push(entry);
    return;
  }
  input.entries.push(entry);
  input.stepId = null;
}

/** Words of the runtime are marked, so that they cannot be taken for a person's. */
function userText(content: Content<"message">): string {
  if (content.role === "person" || content.text === "") return content.text;
  return `<runtime>\n${content.text}\n</runtime>`;
}

function textPart(content: Content<"message">): AssistantMessage["content"][number] | null {
  if (content.text === "" && content.provider === undefined) return null;
  return { type: "text", text: content.text, ...options(content.provider) };
}

/** Adds a part to the assistant message of the item's step, begun where needed. */
function appendAnswer(input: ModelInput, item: Item, part: AssistantMessage["content"][number] | null): void {
  if (part === null) return;
  const last = input.entries.at(-1);
  if (last?.message.role === "assistant" && item.stepId !== null && input.stepId === item.stepId) {
    last.message.content.push(part);
    last.position = item.position;
    return;
  }
  closeOpenCalls(input);
  input.entries.push({ message: { role: "assistant", content: [part] }, position: item.position });
  input.stepId = item.stepId;
}

function appendCall(input: ModelInput, item: Item, content: Content<"tool_call">): void {
  if (input.open.has(content.toolCallId)) return;
  const sameStep = item.stepId !== null && input.stepId === item.stepId;
  const taken = sameStep && [...input.open.values()].some((call) => call.id === content.providerCallId);
  const id = content.providerCallId === "" || taken ? content.toolCallId : content.providerCallId;
  appendAnswer(input, item, {
    type: "tool-call",
    toolCallId: id,
    toolName: content.name,
    input: objectOf(content.arguments),
    ...options(content.provider),
  });
  input.open.set(content.toolCallId, { id, name: content.name });
}

function appendResult(input: ModelInput, item: Item, content: Content<"tool_result">): void {
  const call = input.open.get(content.toolCallId);
  if (call === undefined) return;
  input.open.delete(content.toolCallId);
  addResult(input, resultPart(call, content.status, content.text), item.position);
  if (input.open.size === 0) flushDeferred(input);
}

function addResult(input: ModelInput, part: ToolResultPart, position: number): void {
  const last = input.entries.at(-1);
  if (last?.message.role === "tool") {
    last.message.content.push(part);
    last.position = position;
    return;
  }
  input.entries.push({ message: { role: "tool", content: [part] }, position });
}

/** Before the next assistant message: calls that were left without a result get one. */
function closeOpenCalls(input: ModelInput): void {
  const position = input.entries.at(-1)?.position ?? 0;
  for (const call of input.open.values()) addResult(input, resultPart(call, "interrupted", NO_RESULT), position);
  input.open.clear();
  flushDeferred(input);
}

function flushDeferred(input: ModelInput): void {
  if (input.deferred.length > 0) input.stepId = null;
  input.entries.push(...input.deferred);
  input.deferred = [];
}

function applySummary(input: ModelInput, content: Content<"summary">): void {
  const kept = input.entries.filter((entry) => entry.position >= content.before);
  const orphans = kept.findIndex((entry) => entry.message.role !== "tool");
  input.entries = [
    {
      message: { role: "user", content: [{ type: "text", text: `<summary>\n${content.text}\n</summary>` }] },
      position: content.before,
    },
    ...(orphans < 0 ? [] : kept.slice(orphans)),
  ];
}

function resultPart(call: OpenCall, status: Content<"tool_result">["status"], text: string): ToolResultPart {
  const value = text === "" ? NO_OUTPUT : text;
  return {
    type: "tool-result",
    toolCallId: call.id,
    toolName: call.name,
    output: status === "completed" ? { type: "text", value } : { type: "error-text", value },
  };
}

/** Providers accept only objects as arguments; what a model wrote wrongly is kept under a name that says so. */
function objectOf(value: unknown): Record<string, unknown> {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  return value === undefined || value === null ? {} : { malformed_arguments: value };
}

function options(provider: Record<string, unknown> | undefined): { providerOptions?: ProviderOptions } {
  return provider === undefined ? {} : { providerOptions: provider as ProviderOptions };
}
