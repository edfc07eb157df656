import type { ModelWire, SeenMessage } from "./model-reply.ts";

type Json = Record<string, unknown>;

/** The messages of a request body, in one form for every wire. */
export function readMessages(wire: ModelWire, body: Json): SeenMessage[] {
  switch (wire) {
    case "responses":
      return readResponses(body);
    case "chat":
      return list(body["messages"]).map(readChat);
    case "messages":
      return [...readSystem(body["system"]), ...list(body["messages"]).flatMap(readAnthropic)];
    case "google":
      return [...readSystem(record(body["systemInstruction"])["parts"]), ...list(body["contents"]).flatMap(readGoogle)];
  }
}

/** Names of the tools that a request offers. */
export function readTools(wire: ModelWire, body: Json): string[] {
  const tools = list(body["tools"]);
  if (wire === "chat") return tools.map((tool) => String(record(tool["function"])["name"]));
  if (wire === "google") {
    return tools.flatMap((tool) => list(tool["functionDeclarations"]).map((one) => String(one["name"])));
  }
  return tools.map((tool) => String(tool["name"]));
}

function readResponses(body: Json): SeenMessage[] {
  const messages: SeenMessage[] = [];
  for (const item of list(body["input"])) {
    const last = messages.at(-1);
    if (item["type"] === "function_call") {
      const call = { name: String(item["name"]), arguments: parsed(item["arguments"]) };
      if (last?.role === "assistant") last.toolCalls.push(call);
      else messages.push({ role: "assistant", text: "", toolCalls: [call] });
    } else if (item["type"] === "function_call_output") {
      messages.push({ role: "tool", text: textOf(item["output"]), toolCalls: [] });
    } else if (item["role"] !== undefined) {
      messages.push({ role: role(item["role"]), text: textOf(item["content"]), toolCalls: [] });
    }
  }
  return messages;
}

function readChat(message: Json): SeenMessage {
  const toolCalls = list(message["tool_calls"]).map((call) => {
    const called = record(call["function"]);
    return { name: String(called["name"]), arguments: parsed(called["arguments"]) };
  });
  return { role: role(message["role"]), text: textOf(message["content"]), toolCalls };
}

function readAnthropic(message: Json): SeenMessage[] {
  const blocks = list(message["content"]);
  const results = blocks.filter((block) => block["type"] === "tool_result");
  const seen: SeenMessage[] = results.map((block) => ({ role: "tool", text: textOf(block["content"]), toolCalls: [] }));
  const toolCalls = blocks
    .filter((block) => block["type"] === "tool_use")
    .map((block) => ({ name: String(block["name"]), arguments: block["input"] }));
  const text = typeof message["content"] === "string" ? message["content"] : textOf(blocks.filter(isText));
  if (text !== "" || toolCalls.length > 0 || seen.length === 0) {
    seen.push({ role: role(message["role"]), text, toolCalls });
  }
  return seen;
}

function readGoogle(message: Json): SeenMessage[] {
  const parts = list(message["parts"]);
  const seen: SeenMessage[] = [];
  for (const part of parts) {
    if (part["functionResponse"] === undefined) continue;
    const response = record(record(part["functionResponse"])["response"]);
    seen.push({ role: "tool", text: textOf(response["content"] ?? response), toolCalls: [] });
  }
  const toolCalls = parts
    .filter((part) => part["functionCall"] !== undefined)
    .map((part) => ({
      name: String(record(part["functionCall"])["name"]),
      arguments: record(part["functionCall"])["args"],
    }));
  const text = textOf(parts.filter((part) => part["text"] !== undefined && part["thought"] !== true));
  if (text !== "" || toolCalls.length > 0 || seen.length === 0) {
    seen.push({ role: message["role"] === "model" ? "assistant" : "user", text, toolCalls });
  }
  return seen;
}

function readSystem(system: unknown): SeenMessage[] {
  const text = textOf(system);
  return text === "" ? [] : [{ role: "system", text, toolCalls: [] }];
}

function role(value: unknown): SeenMessage["role"] {
  if (value === "developer" || value === "system") return "system";
  return value === "assistant" || value === "tool" ? value : "user";
}

function isText(block: Json): boolean {
  return block["type"] === "text";
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content))
    return list(content)
      .map((part) => (typeof part["text"] === "string" ? part["text"] : ""))
      .join("");
  return content === undefined || content === null ? "" : JSON.stringify(content);
}

function parsed(text: unknown): unknown {
  if (typeof text !== "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function record(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}
