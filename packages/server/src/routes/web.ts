import { readFile, stat } from "node:fs/promises";
import type { App, AppContext } from "../app-parts.ts";
import type { WebBuild, WebBuildState } from "../web-build.ts";
import { accepts, createWebFiles, type WebFile } from "../web-files.ts";

const INDEX = "/index.html";
/** Names in there hold a hash of what is in the file: what was fetched once is never asked for again. */
const ASSETS = "/assets/";
const IMMUTABLE = "public, max-age=31536000, immutable";
/** A browser asks each time whether it has the newest. */
const NO_CACHE = "no-cache";
/** The worker of the whole app, wherever its file lies. */
const SERVICE_WORKER = /^\/(?:[\w-]+\/)*(?:service-worker|sw)\.js$/;
/** Addresses of programs, not of people. */
const OF_PROGRAMS = /^\/(?:api|mcp|hooks|healthz|readyz|metrics)(?:\/|$)/;
const RELOAD_SECONDS = 2;
const PREPARING_STYLE = "/preparing.css";

/**
 * Serves the web app: its files, and its one page at each of its addresses.
 *
 * Where the app is not built yet, a page says so and loads itself anew until it is.
 */
export function addWebRoutes(app: App, folder: string, build: WebBuild | null): void {
  const files = createWebFiles(folder);
  app.get(PREPARING_STYLE, (context) =>
    context.body(STYLE, 200, { "content-type": "text/css; charset=utf-8", "cache-control": NO_CACHE }),
  );
  app.get("/*", async (context, next) => {
    const { path } = context.req;
    const isPage = path === "/" || path === INDEX || isAppRoute(context);
    if (!isPage) {
      const file = await files.find(path);
      return file === null ? next() : await sendFile(context, path, file);
    }
    const state = (await build?.prepare()) ?? { type: "ready" };
    const index = state.type === "ready" ? await files.find(INDEX) : null;
    if (index !== null) return await sendFile(context, INDEX, index);
    return build === null ? next() : sendPreparing(context, state);
  });
}

/** A page that the app draws itself: asked for by a browser's address line, and no name of a file. */
function isAppRoute(context: AppContext): boolean {
  const { path } = context.req;
  if (OF_PROGRAMS.test(path) || path.slice(path.lastIndexOf("/") + 1).includes(".")) return false;
  return (context.req.header("accept") ?? "").toLowerCase().includes("text/html");
}

async function sendFile(context: AppContext, name: string, file: WebFile): Promise<Response> {
  const packed = file.packed.find(({ encoding }) => accepts(context.req.header("accept-encoding"), encoding));
  const path = packed?.path ?? file.path;
  const { size, mtimeMs } = await stat(path);
  const tag = `"${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}${packed === undefined ? "" : `-${packed.encoding}`}"`;
  const headers: Record<string, string> = {
    etag: tag,
    "cache-control": name.startsWith(ASSETS) ? IMMUTABLE : NO_CACHE,
    ...(file.packed.length === 0 ? {} : { vary: "accept-encoding" }),
    ...(SERVICE_WORKER.test(name) ? { "service-worker-allowed": "/" } : {}),
  };
  if (hasTag(context.req.header("if-none-match"), tag)) return context.body(null, 304, headers);
  const bytes = await readFile(path);
  return context.body(new Uint8Array(bytes), 200, {
    ...headers,
    "content-type": file.type,
    ...(packed === undefined ? {} : { "content-encoding": packed.encoding }),
  });
}

function hasTag(header: string | undefined, tag: string): boolean {
  return (header ?? "").split(",").some((part) => part.trim().replace(/^W\//, "") === tag);
}

function sendPreparing(context: AppContext, state: WebBuildState): Response {
  const failed = state.type === "failed" ? state : null;
  const words =
    failed === null
      ? "<h1>The app is being prepared</h1><p>This takes a moment, once. The page loads itself when it is ready.</p>"
      : `<h1>The app could not be prepared</h1><p>Run <code>${escaped(failed.command)}</code> in <code>${escaped(failed.folder)}</code> and load this page again. Bureau is at work meanwhile; the command line and the API are there.</p>`;
  const reload = failed === null ? `<meta http-equiv="refresh" content="${RELOAD_SECONDS}">` : "";
  const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${reload}
<title>Bureau</title>
<link rel="stylesheet" href="${PREPARING_STYLE}">
</head>
<body><main>${words}</main></body>
</html>
`;
  return context.body(page, 503, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "retry-after": String(RELOAD_SECONDS),
  });
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; }
main { max-width: 32rem; padding: 2rem; text-align: center; }
h1 { font-size: 1.25rem; font-weight: 600; }
p { opacity: 0.75; }
code { overflow-wrap: anywhere; }
`;
