import { createHash } from "node:crypto";
import type { ModelMessage, ModelRequest } from "./model.ts";

/** One message of a request: what it is compared by, and how it begins, for a person. */
export interface MessagePrint {
  hash: string;
  preview: string;
}

/** A request without what differs from one run of the same work to the next. */
export interface RequestPrint {
  system: string;
  tools: string;
  messages: MessagePrint[];
}

/** Texts that stand for others, such as the absolute path of the workspace. Longer ones are replaced first. */
export type Placeholders = Record<string, string>;

const HASH_CHARS = 16;
const PREVIEW_CHARS = 160;

/** Ids, dates, moments and durations differ in every run. A time of day without seconds is content, and compared. */
const VOLATILE: [RegExp, string][] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<id>"],
  [/\b(?:ws|agt|goal|task|thr|run|step|item|call|appr|art|ev|blob|qst)_[A-Za-z0-9]{8,}\b/g, "<id>"],
  [/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?/g, "<time>"],
  [/\b\d{4}-\d{2}-\d{2}\b/g, "<date>"],
  [/\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? (?=<(?:date|time)>)/g, ""],
  [/\b\d{2}:\d{2}:\d{2}\b/g, "<time>"],
  [/\b\d+(?:\.\d+)? ?(?:ms|s)\b/g, "<duration>"],
];

export function printRequest(request: ModelRequest, placeholders: Placeholders = {}): RequestPrint {
  const replace = replacer(placeholders);
  const system = request.messages.filter((message) => message.role === "system").map((message) => message.content);
  return {
    system: hash(replace(system.join("\n"))),
    tools: hash(
      JSON.stringify(request.tools.map((tool) => [tool.name, replace(tool.description ?? ""), tool.inputSchema])),
    ),
    messages: request.messages
      .filter((message) => message.role !== "system")
      .map((message) => {
        const text = replace(messageText(message));
        return { hash: hash(text), preview: text.slice(0, PREVIEW_CHARS) };
      }),
  };
}

/** Where two requests part, in words; null when they are the same. */
export function printDifference(
  expected: RequestPrint,
  actual: RequestPrint,
): { expected: string; actual: string } | null {
  if (expected.system !== actual.system) {
    return { expected: `system prompt ${expected.system}`, actual: `system prompt ${actual.system}` };
  }
  if (expected.tools !== actual.tools) return { expected: `tools ${expected.tools}`, actual: `tools ${actual.tools}` };
  const length = Math.max(expected.messages.length, actual.messages.length);
  for (let index = 0; index < length; index += 1) {
    const [wanted, found] = [expected.messages[index], actual.messages[index]];
    if (wanted?.hash === found?.hash) continue;
    const words = (print: MessagePrint | undefined) => `message ${index}: ${print?.preview ?? "none"}`;
    return { expected: words(wanted), actual: words(found) };
  }
  return null;
}

/** Reasoning and the provider's own metadata are not compared: they come from the recording itself. */
function messageText(message: ModelMessage): string {
  if (message.role === "system") return message.content;
  const parts = message.content.map((part) => {
    switch (part.type) {
      case "text":
        return part.text;
      case "tool-call":
        return `call ${part.toolName} ${JSON.stringify(part.input)}`;
      case "tool-result":
        return `result of ${part.toolName} ${JSON.stringify(part.output)}`;
      case "reasoning":
        return "";
      default:
        return part.type;
    }
  });
  return `${message.role}: ${parts.filter((part) => part !== "").join("\n")}`;
}

function replacer(placeholders: Placeholders): (text: string) => string {
  const pairs = Object.entries(placeholders)
    .filter(([from]) => from !== "")
    .toSorted(([a], [b]) => b.length - a.length);
  return (text) => {
    let result = text;
    for (const [from, to] of pairs) result = result.replaceAll(from, to);
    for (const [pattern, name] of VOLATILE) result = result.replace(pattern, name);
    return result;
  };
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, HASH_CHARS);
}
