import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

const CONTENT_TYPES: Record<string, string> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  ico: "image/x-icon",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  wasm: "application/wasm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff2: "font/woff2",
};
/** How files are packed beforehand, the best first, and what follows their name. */
const PACKED = [
  { encoding: "br", ending: ".br" },
  { encoding: "gzip", ending: ".gz" },
] as const;
export type Encoding = (typeof PACKED)[number]["encoding"];
/** Says of what the build was made; nobody asks for it. */
const BUILD = "/build.json";
const INDEX = "/index.html";

export interface WebFile {
  path: string;
  type: string;
  /** The same, packed. */
  packed: { encoding: Encoding; path: string }[];
}

export interface WebFiles {
  /** The file of an address below the folder; null when there is none. */
  find(name: string): Promise<WebFile | null>;
}

/**
 * The files of one folder and of those below it.
 *
 * A request is looked up in a list, so none can name a path of its own. The list is read again when the folder's
 * `index.html` is another one: a build replaces it.
 */
export function createWebFiles(folder: string): WebFiles {
  let known: { stamp: string; files: Promise<Map<string, WebFile>> } | null = null;
  return {
    async find(name) {
      const isKnown = known !== null && (await known.files).has(name);
      if (!isKnown || name === INDEX) {
        const stamp = await stampOf(folder);
        if (known?.stamp !== stamp) known = { stamp, files: listFiles(folder) };
      }
      return (await known?.files)?.get(name) ?? null;
    },
  };
}

/** Tells one build from another: its page, and what it writes last. */
async function stampOf(folder: string): Promise<string> {
  const stamps = [INDEX, BUILD].map((name) =>
    stat(join(folder, name)).then(
      ({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`,
      () => "",
    ),
  );
  return (await Promise.all(stamps)).join();
}

async function listFiles(folder: string): Promise<Map<string, WebFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const names = new Map(paths.map((path) => [path.slice(folder.length).replace(/^\/*/, "/"), path]));
  const files = new Map<string, WebFile>();
  for (const [name, path] of names) {
    const type = CONTENT_TYPES[name.slice(name.lastIndexOf(".") + 1)];
    if (type === undefined || name === BUILD) continue;
    const packed = PACKED.flatMap(({ encoding, ending }) => {
      const other = names.get(`${name}${ending}`);
      return other === undefined ? [] : [{ encoding, path: other }];
    });
    files.set(name, { path, type, packed });
  }
  return files;
}

/** Whether a browser takes an encoding, by its `Accept-Encoding`. */
export function accepts(header: string | undefined, encoding: Encoding): boolean {
  let any = false;
  for (const part of (header ?? "").toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    if (name !== encoding && name !== "*") continue;
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    const isTaken = quality === undefined || Number(quality.slice("q=".length)) > 0;
    if (name === encoding) return isTaken;
    any = isTaken;
  }
  return any;
}
