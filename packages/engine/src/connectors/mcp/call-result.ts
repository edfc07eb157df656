import type { CallToolResult } from "@modelcontextprotocol/client";
import { isAlias, parseDocument, visit } from "yaml";
import type { EffectReceipt } from "../../tools/tool.ts";

/** Of a result as the model reads it. */
const MAX_TEXT_BYTES = 32_000;
/** Of a text that is read as data. */
const MAX_DATA_BYTES = 1_000_000;
const MAX_RECEIPT_BYTES = 16_384;
const MAX_PARTS = 500;

type Part = CallToolResult["content"][number];

/** The text of a result for the model: bounded, and where it was cut it says how to get the rest. */
export function resultText(result: CallToolResult, toolName: string): string {
  const parts = result.content ?? [];
  const lines = parts.slice(0, MAX_PARTS).map((part) => partText(part));
  if (parts.length > MAX_PARTS) lines.push(`[${parts.length - MAX_PARTS} more parts left out]`);
  const hasText = parts.some((part) => part.type === "text" && part.text.trim() !== "");
  if (!hasText && result.structuredContent !== undefined) lines.push(JSON.stringify(result.structuredContent, null, 1));
  const text = lines.join("\n").toWellFormed().replaceAll("\0", "\uFFFD");
  if (text.trim() === "") return result.isError === true ? "The tool failed and said nothing." : "(no output)";
  return cut(text, toolName);
}

/** What is not text is named, not shown: the model could not read it, and it may be large. */
function partText(part: Part): string {
  if (part.type === "text") return part.text;
  if (part.type === "image" || part.type === "audio")
    return `[${part.type} of ${Math.floor((part.data.length * 3) / 4)} bytes, ${part.mimeType}; not shown]`;
  if (part.type === "resource_link") return `[resource ${part.uri.slice(0, 500)}; not read]`;
  const { resource } = part;
  if ("text" in resource) return `[resource ${resource.uri.slice(0, 500)}]\n${resource.text}`;
  return `[resource ${resource.uri.slice(0, 500)}, ${resource.mimeType ?? "of an unknown kind"}; not shown]`;
}

function cut(text: string, toolName: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_TEXT_BYTES) return text;
  const half = MAX_TEXT_BYTES / 2;
  const head = bytes.toString("utf8", 0, half).replace(/\uFFFD$/, "");
  const tail = bytes.toString("utf8", bytes.length - half).replace(/^\uFFFD+/, "");
  const left = bytes.length - MAX_TEXT_BYTES;
  return `${head}\n[… ${left} bytes of ${bytes.length} left out; call ${toolName} for less, such as by a filter, a page or a limit, to see the rest …]\n${tail}`;
}

/** The result as data: what the server says it is, else its text read as JSON or YAML. Null when it is neither. */
export function resultData(result: CallToolResult): unknown {
  const { structuredContent } = result;
  if (structuredContent !== undefined && structuredContent !== null) return unwrapped(structuredContent);
  const texts = (result.content ?? []).flatMap((part) => (part.type === "text" ? [part.text] : []));
  const values = texts.map((text) => textData(text));
  if (values.length === 0 || values.includes(null)) return null;
  // Some servers give each entry of a list a part of its own.
  return values.length === 1 ? values[0] : values.flat(1);
}

/** Frameworks put a list into `{ result: […] }`, because structured content must be an object. */
function unwrapped(value: unknown): unknown {
  const entries = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  return entries.length === 1 && entries[0]![0] === "result" && typeof entries[0]![1] === "object"
    ? entries[0]![1]
    : value;
}

function textData(text: string): unknown {
  if (Buffer.byteLength(text) > MAX_DATA_BYTES) return null;
  const value = parsed(text);
  return typeof value === "object" ? value : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parsedYaml(text);
  }
}

/** YAML without references, which could make a small text endlessly large. */
function parsedYaml(text: string): unknown {
  try {
    const document = parseDocument(text, { logLevel: "silent", prettyErrors: false, schema: "core" });
    if (document.errors.length > 0) return null;
    let hasReference = false;
    visit(document, (_key, node) => {
      if (!isAlias(node)) return undefined;
      hasReference = true;
      return visit.BREAK;
    });
    return hasReference ? null : document.toJS();
  } catch {
    return null;
  }
}

/** What proves a write: the id and the address that the server answered with. */
export function receiptOf(data: unknown): EffectReceipt {
  const receipt: EffectReceipt = {};
  if (typeof data !== "object" || data === null) return receipt;
  const values = data as Record<string, unknown>;
  const id = firstText(values, ["id", "id_", "message_id", "messageId", "event_id", "eventId", "uid", "uuid", "key"]);
  const link = firstText(values, ["url", "link", "htmlLink", "html_url", "permalink", "webUrl", "webViewLink"]);
  if (id !== null) receipt.id = id;
  if (link !== null && /^https?:\/\//i.test(link)) receipt.link = link;
  if (Buffer.byteLength(JSON.stringify(data)) <= MAX_RECEIPT_BYTES) receipt.detail = { result: data };
  return receipt;
}

function firstText(values: Record<string, unknown>, names: readonly string[]): string | null {
  for (const name of names) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (typeof value === "number") return String(value);
    if (typeof value === "string" && value !== "") return value.slice(0, 500);
  }
  return null;
}
