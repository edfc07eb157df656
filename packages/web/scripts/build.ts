import { createHash } from "node:crypto";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";

// Builds the web app into `dist`: the app, then the service worker that knows its files, then packed copies of
// what packs well. `dist` is replaced at once, so a server never serves half of it. With `--if-stale`, does
// nothing when `dist` was built from the sources as they are.

const WEB = join(import.meta.dirname, "..");
const DIST = join(WEB, "dist");
const MARK = "build.json";
/** What the app is made of, from the folder of the package. */
const SOURCES = [
  "src",
  "service-worker",
  "public",
  "scripts",
  "index.html",
  "vite.config.ts",
  "package.json",
  "../protocol/src",
];
const PACKED = /\.(?:js|css|html|svg|webmanifest)$/;
const LEAST_PACKED_BYTES = 512;
/** Not needed to start without a network. */
const NOT_PRECACHED = /\.(?:br|gz|map)$|^(?:build\.json|service-worker\.js)$/;

if (!process.argv.includes("--if-stale") || !(await isFresh())) await buildAll();

async function buildAll(): Promise<void> {
  const hash = await sourceHash();
  const draft = `${DIST}.${process.pid}`;
  try {
    await build({ configFile: join(WEB, "vite.config.ts"), build: { outDir: draft, emptyOutDir: true } });
    await buildServiceWorker(draft);
    await pack(draft);
    await writeFile(join(draft, MARK), JSON.stringify({ hash }));
    await rm(DIST, { recursive: true, force: true });
    await rename(draft, DIST);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The list of files stands in the worker itself: another build is another worker. */
async function buildServiceWorker(folder: string): Promise<void> {
  const files = (await filesOf(folder)).filter((file) => !NOT_PRECACHED.test(file));
  const manifest = await Promise.all(
    files.map(async (file) => ({ url: `/${file}`, revision: hashOf(await readFile(join(folder, file))).slice(0, 16) })),
  );
  await build({
    configFile: false,
    root: WEB,
    publicDir: false,
    logLevel: "warn",
    define: { __FILES__: JSON.stringify(manifest), "process.env.NODE_ENV": '"production"' },
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: "es2023",
      rolldownOptions: {
        input: join(WEB, "service-worker", "main.ts"),
        output: { entryFileNames: "service-worker.js", format: "iife" },
      },
    },
  });
}

async function pack(folder: string): Promise<void> {
  for (const file of await filesOf(folder)) {
    const path = join(folder, file);
    const bytes = await readFile(path);
    if (!PACKED.test(file) || bytes.length < LEAST_PACKED_BYTES) continue;
    const parameters = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
    await writeFile(`${path}.br`, brotliCompressSync(bytes, { params: parameters }));
    await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

async function isFresh(): Promise<boolean> {
  try {
    const mark: unknown = JSON.parse(await readFile(join(DIST, MARK), "utf8"));
    return typeof mark === "object" && mark !== null && "hash" in mark && mark.hash === (await sourceHash());
  } catch {
    return false;
  }
}

async function sourceHash(): Promise<string> {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    const path = join(WEB, source);
    for (const file of /\.[a-z]+$/.test(source) ? [""] : await filesOf(path)) {
      if (file.endsWith(".test.ts")) continue;
      hash
        .update(`${source}/${file}\0`)
        .update(await readFile(join(path, file)))
        .update("\0");
    }
  }
  return hash.digest("hex");
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
