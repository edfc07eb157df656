import type { ModelReply, ModelWire } from "./model-reply.ts";

export interface WireContext {
  model: string;
  /** Unique part of every id in the answer. */
  id: string;
  /** Bytes of the request, from which input tokens are guessed when the reply names none. */
  requestBytes: number;
}

interface Counted {
  input: number;
  cached: number;
  output: number;
  reasoning: number;
}

const BYTES_PER_TOKEN = 4;

/** The events of a whole answer, as lines of a server-sent event stream, in order. */
export function encodeReply(wire: ModelWire, reply: ModelReply, context: WireContext): string[] {
  switch (wire) {
    case "responses":
      return encodeResponses(reply, context);
    case "chat":
      return encodeChat(reply, context);
    case "messages":
      return encodeMessages(reply, context);
    case "google":
      return encodeGoogle(reply, context);
  }
}

/** The body of an HTTP error as the provider of this wire words it. */
export function encodeError(
  wire: ModelWire,
  status: number,
  kind: "plain" | "context_overflow" | "usage_limit",
): string {
  const message = ERROR_MESSAGES[kind][wire] ?? `The request failed with status ${status}.`;
  if (wire === "messages") return JSON.stringify({ type: "error", error: { type: anthropicType(status), message } });
  if (wire === "google") return JSON.stringify({ error: { code: status, message, status: googleStatus(status) } });
  const code =
    kind === "context_overflow" ? "context_length_exceeded" : kind === "usage_limit" ? "insufficient_quota" : null;
  return JSON.stringify({ error: { message, type: code ?? "server_error", param: null, code } });
}

/** The status that the provider of this wire uses for a fault. */
export function faultStatus(wire: ModelWire, kind: "context_overflow" | "usage_limit"): number {
  if (kind === "context_overflow") return 400;
  return wire === "messages" ? 400 : 429;
}

const ERROR_MESSAGES: Record<"plain" | "context_overflow" | "usage_limit", Partial<Record<ModelWire, string>>> = {
  plain: {},
  context_overflow: {
    responses: "Your input exceeds the context window of this model. Please adjust your input and try again.",
    chat: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    messages: "prompt is too long: 210000 tokens > 200000 maximum",
    google: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
  },
  usage_limit: {
    responses: "You exceeded your current quota, please check your plan and billing details.",
    chat: "You exceeded your current quota, please check your plan and billing details.",
    messages: "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
    google:
      "You exceeded your current quota, please check your plan and billing details. Quota exceeded for metric: generate_requests_per_model_per_day, limit: 0",
  },
};

function anthropicType(status: number): string {
  if (status === 429) return "rate_limit_error";
  if (status === 529) return "overloaded_error";
  if (status === 401) return "authentication_error";
  return status < 500 ? "invalid_request_error" : "api_error";
}

function googleStatus(status: number): string {
  if (status === 429) return "RESOURCE_EXHAUSTED";
  if (status === 503) return "UNAVAILABLE";
  return status < 500 ? "INVALID_ARGUMENT" : "INTERNAL";
}

function encodeResponses(reply: ModelReply, context: WireContext): string[] {
  const events: string[] = [];
  const send = (type: string, rest: Record<string, unknown>) => events.push(named(type, { type, ...rest }));
  const response = { id: `resp_${context.id}`, object: "response", created_at: 1_750_000_000, model: context.model };
  send("response.created", { response: { ...response, status: "in_progress", output: [] } });
  let index = 0;
  if (reply.reasoning !== undefined) {
    const id = `rs_${context.id}`;
    const item = { type: "reasoning", id, encrypted_content: `sealed:${context.id}`, summary: [] as unknown[] };
    const place = { item_id: id, output_index: index, summary_index: 0 };
    send("response.output_item.added", { output_index: index, item });
    send("response.reasoning_summary_part.added", { ...place, part: { type: "summary_text", text: "" } });
    send("response.reasoning_summary_text.delta", { ...place, delta: reply.reasoning });
    send("response.reasoning_summary_part.done", { ...place, part: { type: "summary_text", text: reply.reasoning } });
    item.summary = [{ type: "summary_text", text: reply.reasoning }];
    send("response.output_item.done", { output_index: index, item });
    index += 1;
  }
  if (reply.text !== undefined) {
    const id = `msg_${context.id}`;
    const item = { type: "message", id, role: "assistant", status: "in_progress", content: [] as unknown[] };
    send("response.output_item.added", { output_index: index, item });
    for (const delta of pieces(reply.text, reply.deltas)) {
      send("response.output_text.delta", { item_id: id, output_index: index, content_index: 0, delta, logprobs: [] });
    }
    const content = [{ type: "output_text", text: reply.text, annotations: [] }];
    send("response.output_item.done", { output_index: index, item: { ...item, status: "completed", content } });
    index += 1;
  }
  for (const [number, call] of (reply.toolCalls ?? []).entries()) {
    const id = `fc_${context.id}_${number}`;
    const written = argumentsText(call.arguments);
    const item = { type: "function_call", id, call_id: callId(context, number), name: call.name };
    send("response.output_item.added", {
      output_index: index,
      item: { ...item, arguments: "", status: "in_progress" },
    });
    for (const delta of pieces(written, reply.deltas)) {
      send("response.function_call_arguments.delta", { item_id: id, output_index: index, delta });
    }
    send("response.function_call_arguments.done", { item_id: id, output_index: index, arguments: written });
    send("response.output_item.done", {
      output_index: index,
      item: { ...item, arguments: written, status: "completed" },
    });
    index += 1;
  }
  const used = count(reply, context);
  const usage = {
    input_tokens: used.input,
    input_tokens_details: { cached_tokens: used.cached },
    output_tokens: used.output,
    output_tokens_details: { reasoning_tokens: used.reasoning },
    total_tokens: used.input + used.output,
  };
  if (reply.finish === undefined || reply.finish === "stop") {
    send("response.completed", { response: { ...response, status: "completed", incomplete_details: null, usage } });
  } else {
    const reason = reply.finish === "length" ? "max_output_tokens" : "content_filter";
    send("response.incomplete", {
      response: { ...response, status: "incomplete", incomplete_details: { reason }, usage },
    });
  }
  return events;
}

function encodeChat(reply: ModelReply, context: WireContext): string[] {
  const base = {
    id: `chatcmpl-${context.id}`,
    object: "chat.completion.chunk",
    created: 1_750_000_000,
    model: context.model,
  };
  const chunk = (delta: Record<string, unknown>, finish: string | null = null) =>
    plain({ ...base, choices: [{ index: 0, delta, finish_reason: finish }] });
  const events = [chunk({ role: "assistant", content: "" })];
  if (reply.reasoning !== undefined) events.push(chunk({ reasoning_content: reply.reasoning }));
  for (const text of pieces(reply.text ?? "", reply.deltas)) events.push(chunk({ content: text }));
  for (const [index, call] of (reply.toolCalls ?? []).entries()) {
    const opened = { name: call.name, arguments: "" };
    events.push(chunk({ tool_calls: [{ index, id: callId(context, index), type: "function", function: opened }] }));
    for (const delta of pieces(argumentsText(call.arguments), reply.deltas)) {
      events.push(chunk({ tool_calls: [{ index, function: { arguments: delta } }] }));
    }
  }
  const ended = (reply.toolCalls ?? []).length > 0 ? "tool_calls" : "stop";
  events.push(chunk({}, reply.finish === "length" ? "length" : reply.finish === "refused" ? "content_filter" : ended));
  const used = count(reply, context);
  const usage = {
    prompt_tokens: used.input,
    completion_tokens: used.output,
    total_tokens: used.input + used.output,
    prompt_tokens_details: { cached_tokens: used.cached },
    completion_tokens_details: { reasoning_tokens: used.reasoning },
  };
  events.push(plain({ ...base, choices: [], usage }), "data: [DONE]\n\n");
  return events;
}

function encodeMessages(reply: ModelReply, context: WireContext): string[] {
  const events: string[] = [];
  const send = (type: string, rest: Record<string, unknown>) => events.push(named(type, { type, ...rest }));
  const used = count(reply, context);
  const input = {
    input_tokens: used.input - used.cached,
    cache_read_input_tokens: used.cached,
    cache_creation_input_tokens: 0,
  };
  const message = { id: `msg_${context.id}`, type: "message", role: "assistant", model: context.model, content: [] };
  send("message_start", {
    message: { ...message, stop_reason: null, stop_sequence: null, usage: { ...input, output_tokens: 1 } },
  });
  let index = 0;
  const block = (start: Record<string, unknown>, deltas: Record<string, unknown>[]) => {
    send("content_block_start", { index, content_block: start });
    for (const delta of deltas) send("content_block_delta", { index, delta });
    send("content_block_stop", { index });
    index += 1;
  };
  if (reply.reasoning !== undefined) {
    block({ type: "thinking", thinking: "", signature: "" }, [
      { type: "thinking_delta", thinking: reply.reasoning },
      { type: "signature_delta", signature: `signed:${context.id}` },
    ]);
  }
  if (reply.text !== undefined) {
    block(
      { type: "text", text: "" },
      pieces(reply.text, reply.deltas).map((text) => ({ type: "text_delta", text })),
    );
  }
  for (const [number, call] of (reply.toolCalls ?? []).entries()) {
    const deltas = pieces(argumentsText(call.arguments), reply.deltas);
    block(
      { type: "tool_use", id: callId(context, number), name: call.name, input: {} },
      deltas.map((text) => ({ type: "input_json_delta", partial_json: text })),
    );
  }
  const ended = (reply.toolCalls ?? []).length > 0 ? "tool_use" : "end_turn";
  const stop = reply.finish === "length" ? "max_tokens" : reply.finish === "refused" ? "refusal" : ended;
  send("message_delta", { delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: used.output } });
  send("message_stop", {});
  return events;
}

function encodeGoogle(reply: ModelReply, context: WireContext): string[] {
  const base = { responseId: `resp-${context.id}`, modelVersion: context.model };
  const parts: Record<string, unknown>[] = [];
  if (reply.reasoning !== undefined) parts.push({ text: reply.reasoning, thought: true });
  for (const text of pieces(reply.text ?? "", reply.deltas)) parts.push({ text });
  let malformed = false;
  for (const [number, call] of (reply.toolCalls ?? []).entries()) {
    const args = objectArguments(call.arguments);
    if (args === null) malformed = true;
    else {
      const functionCall = { id: callId(context, number), name: call.name, args };
      parts.push({ functionCall, ...(number === 0 ? { thoughtSignature: `signed:${context.id}` } : {}) });
    }
  }
  const events = parts.map((part) =>
    plain({ ...base, candidates: [{ index: 0, content: { role: "model", parts: [part] } }] }),
  );
  const used = count(reply, context);
  const usageMetadata = {
    promptTokenCount: used.input,
    cachedContentTokenCount: used.cached,
    candidatesTokenCount: used.output - used.reasoning,
    thoughtsTokenCount: used.reasoning,
    totalTokenCount: used.input + used.output,
  };
  const ended = malformed ? "MALFORMED_FUNCTION_CALL" : "STOP";
  const finishReason = reply.finish === "length" ? "MAX_TOKENS" : reply.finish === "refused" ? "SAFETY" : ended;
  const content = { role: "model", parts: [{ text: "" }] };
  events.push(plain({ ...base, candidates: [{ index: 0, content, finishReason }], usageMetadata }));
  return events;
}

function count(reply: ModelReply, context: WireContext): Counted {
  const written =
    (reply.text ?? "").length + (reply.reasoning ?? "").length + JSON.stringify(reply.toolCalls ?? "").length;
  return {
    input: reply.usage?.inputTokens ?? Math.ceil(context.requestBytes / BYTES_PER_TOKEN),
    cached: reply.usage?.cachedInputTokens ?? 0,
    output: reply.usage?.outputTokens ?? Math.ceil(written / BYTES_PER_TOKEN),
    reasoning: reply.usage?.reasoningTokens ?? 0,
  };
}

function callId(context: WireContext, number: number): string {
  return `call_${context.id}_${number}`;
}

function argumentsText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? {});
}

/** Google sends arguments as an object, so a malformed text cannot be put on this wire. */
function objectArguments(value: unknown): unknown {
  if (typeof value !== "string") return value ?? {};
  try {
    return JSON.parse(value);
  } catch {
    return null;
  }
}

function pieces(text: string, deltas = 1): string[] {
  const size = Math.max(1, Math.ceil(text.length / deltas));
  const found: string[] = [];
  for (let start = 0; start < text.length; start += size) found.push(text.slice(start, start + size));
  return found;
}

function named(type: string, event: Record<string, unknown>): string {
  return `event: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function plain(event: Record<string, unknown>): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}
