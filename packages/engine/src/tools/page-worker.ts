import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom/worker";
import TurndownService from "turndown";
import { serveJobs } from "./serve-jobs.ts";

// The program of the thread that reads pages. Whatever it fails on, the caller has plain text to fall back on.

const MAX_ELEMENTS = 30_000;
const MAX_TEXT_CHARACTERS = 400_000;

export interface PageJob {
  html: string;
  /** Where the page came from; its links are made whole by it. */
  url: string;
}

serveJobs<PageJob>((job, tell) => tell(read(withBase(job))));

function read(html: string): { title: string; text: string } {
  const { document } = parseHTML(html);
  const title = document.title ?? "";
  const article = new Readability(document, {
    maxElemsToParse: MAX_ELEMENTS,
    serializer: (node: unknown) => node,
  }).parse();
  const content = article?.content ?? bodyOf(html);
  return { title: article?.title || title, text: toMarkdown(content).slice(0, MAX_TEXT_CHARACTERS) };
}

/** Readability makes links whole by the document's base. */
function withBase({ html: page, url }: PageJob): string {
  const base = `<base href="${url.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}">`;
  const head = /<head[^>]*>/i.exec(page);
  if (/<base\s/i.test(page)) return page;
  if (!head) return `<!doctype html><html><head>${base}</head><body>${page}</body></html>`;
  const end = head.index + head[0].length;
  return page.slice(0, end) + base + page.slice(end);
}

/** Readability takes its document apart, so a page that it finds nothing in is read anew. */
function bodyOf(page: string): unknown {
  const { document } = parseHTML(page);
  for (const silent of document.querySelectorAll("script, style, noscript, template, svg")) silent.remove();
  return document.body;
}

function toMarkdown(content: unknown): string {
  const service = new TurndownService({ headingStyle: "atx", codeBlockStyle: "fenced", bulletListMarker: "-" });
  service.remove(["script", "style", "noscript", "iframe"]);
  service.addRule("pictures", {
    filter: "img",
    replacement: (_text, node) => {
      const words = node.getAttribute("alt")?.trim() ?? "";
      return words === "" ? "" : `[picture: ${words}]`;
    },
  });
  return service.turndown(content).trim();
}
