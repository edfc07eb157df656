import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { App } from "../app-parts.ts";

const CONTENT_TYPES: Record<string, string> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  ico: "image/x-icon",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  webmanifest: "application/manifest+json",
  woff2: "font/woff2",
};

/**
 * Serves the files of one folder and of those below it, with `index.html` at `/`.
 *
 * The list is read once, and a request is looked up in it: no request can name a path of its own.
 */
export function addWebRoutes(app: App, folder: string): void {
  let files: Promise<Map<string, string>> | null = null;
  app.get("/*", async (context, next) => {
    files ??= listFiles(folder);
    const name = context.req.path === "/" ? "/index.html" : context.req.path;
    const path = (await files).get(name);
    if (path === undefined) return next();
    const type = CONTENT_TYPES[path.slice(path.lastIndexOf(".") + 1)];
    const bytes = await readFile(path);
    return context.body(new Uint8Array(bytes), 200, {
      "content-type": type ?? "text/plain",
      "cache-control": "no-cache",
    });
  });
}

async function listFiles(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && extension(entry.name) in CONTENT_TYPES);
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length).replace(/^\/*/, "/"), path];
    }),
  );
}

function extension(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
