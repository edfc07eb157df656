import type { Clock } from "../clock.ts";
import type { PageJob } from "./page-worker.ts";
import { runWorker } from "./run-worker.ts";

const READ_MS = 8000;
/** Beyond this a page is read from its beginning only. */
const MAX_HTML_CHARACTERS = 1_000_000;

export interface ReadablePage {
  title: string;
  text: string;
  /** What a reader must know about how the text was made, if anything. */
  note: string | null;
}

/**
 * The readable part of a page as Markdown. A page that is too much for that in its time is given as plain text
 * without its tags. Foreign HTML is taken apart in a thread of its own, which a nasty page cannot hold up for long.
 */
export async function readPage(
  html: string,
  url: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<ReadablePage> {
  const part = html.slice(0, MAX_HTML_CHARACTERS);
  let page: { title: string; text: string } | null = null;
  await runWorker({
    file: new URL("./page-worker.ts", import.meta.url),
    data: { html: part, url } satisfies PageJob,
    timeMs: READ_MS,
    clock,
    signal,
    onMessage: (message) => {
      page = message as { title: string; text: string };
    },
  });
  const read = page as { title: string; text: string } | null;
  const note = part.length < html.length ? "The page is very long; only its beginning was read." : null;
  if (read && read.text.trim() !== "") return { ...read, note };
  return {
    title: read?.title ?? titleOf(part),
    text: plainText(part),
    note: note ?? (read ? null : "Shown without its structure."),
  };
}

function titleOf(html: string): string {
  return /<title[^>]*>([^<]{0,300})/i.exec(html)?.[1]?.trim() ?? "";
}

/** One pass from tag to tag: no expression that a page could make slow. */
export function plainText(html: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open === -1) break;
    parts.push(html.slice(at, open));
    at = afterTag(html, open);
  }
  if (at < html.length) parts.push(html.slice(at));
  const text = parts.join(" ").replace(/&(nbsp|amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
  return text
    .split("\n")
    .map((line) => line.replace(/[ \t\r]+/g, " ").trim())
    .filter((line) => line !== "")
    .join("\n");
}

const ENTITIES: Record<string, string> = {
  "&nbsp;": " ",
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
};

/** Where the text goes on; scripts, styles and comments are left out whole. */
function afterTag(html: string, open: number): number {
  const start = html.slice(open, open + 8).toLowerCase();
  const silent = [
    ["<script", "</script"],
    ["<style", "</style"],
    ["<!--", "-->"],
  ] as const;
  let from = open;
  for (const [opening, closing] of silent) {
    if (!start.startsWith(opening)) continue;
    const end = html.indexOf(closing, open);
    if (end === -1) return html.length;
    from = end;
  }
  const end = html.indexOf(">", from);
  return end === -1 ? html.length : end + 1;
}
