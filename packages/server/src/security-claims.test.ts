import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const CLAIM = /`([\w./-]+\.test\.ts)`: "((?:[^"\\]|\\.)+)"/g;
const MIN_DANGERS = 30;

interface Danger {
  line: string;
  claims: { file: string; title: string }[];
}

/** Rows of the tables that say what stands against a danger, with the tests that they name. */
function readDangers(markdown: string): Danger[] {
  const dangers: Danger[] = [];
  let isInTable = false;
  for (const line of markdown.split("\n")) {
    if (line.startsWith("| danger |")) isInTable = true;
    else if (!line.startsWith("|")) isInTable = false;
    else if (isInTable && !/^\|[ -]+\|/.test(line)) {
      const claims = [...line.matchAll(CLAIM)].map(([, file = "", title = ""]) => ({ file: pathOf(file), title }));
      dangers.push({ line, claims });
    }
  }
  return dangers;
}

/** Files of packages are named from `packages/` on. */
function pathOf(file: string): string {
  return /^(?:scripts|trials|bench)\//.test(file) ? file : `packages/${file}`;
}

/** A text that is followed by what a test does; one that is skipped or to be written is none. */
function hasTest(source: string, title: string): boolean {
  const quoted = [`"${title}"`, `\`${title}\``].flatMap((text) => placesOf(source, text));
  return quoted.some(({ before, after }) => {
    const isTest = /^,\s*(?:\{[^{}]*\},\s*)?(?:async\b|\()/.test(after);
    return (
      isTest && !/\.(?:skip|todo|fails)\s*\(\s*$/.test(before) && !/^\s*\/\//m.test(before.split("\n").at(-1) ?? "")
    );
  });
}

function placesOf(source: string, text: string): { before: string; after: string }[] {
  const pieces = source.split(text);
  return pieces.slice(1).map((after, index) => ({ before: pieces[index] ?? "", after }));
}

const dangers = readDangers(readFileSync(join(ROOT, "SECURITY.md"), "utf8"));

describe("SECURITY.md", () => {
  test("has dangers, and names a test for each", () => {
    expect(dangers.length).toBeGreaterThan(MIN_DANGERS);
    for (const { line, claims } of dangers) expect([line, claims.length > 0]).toEqual([line, true]);
  });

  test.each(dangers.flatMap(({ claims }) => claims).map(({ file, title }) => [file, title] as const))(
    "names a test that is there: %s, %s",
    (file, title) => {
      const path = join(ROOT, file);
      expect(existsSync(path)).toBe(true);
      expect(hasTest(readFileSync(path, "utf8"), title)).toBe(true);
    },
  );

  test("would be found out: a title that is gone, skipped, commented out or only mentioned is none", () => {
    const source = [
      'test("is held", async () => {});',
      'test.skip("is skipped", () => {});',
      '// test("was held", () => {});',
      'expect(error).toBe("is mentioned");',
      'test.each([1, 2])("number %s is held", { retry: 2 }, async (number) => {});',
    ].join("\n");
    const titles = ["is held", "is skipped", "was held", "is mentioned", "number %s is held", "is gone"];
    expect(titles.filter((title) => hasTest(source, title))).toEqual(["is held", "number %s is held"]);
    const row =
      '| danger | against | held by |\n| --- | --- | --- |\n| a | b | `server/src/a.test.ts`: "c d" |\n| e | f | |\n';
    expect(readDangers(row).map(({ claims }) => claims)).toEqual([
      [{ file: "packages/server/src/a.test.ts", title: "c d" }],
      [],
    ]);
  });

  test("every dependency is pinned to one version, and locked by hash", () => {
    const packages = [
      "",
      "packages/protocol/",
      "packages/engine/",
      "packages/server/",
      "packages/web/",
      "packages/cli/",
    ];
    for (const folder of packages) {
      const manifest = JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8")) as Manifest;
      const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
      for (const [name, version] of Object.entries(all)) {
        const own = name.startsWith("@bureau/");
        expect([folder, name, version]).toEqual([
          folder,
          name,
          own ? version : expect.stringMatching(/^\d+\.\d+\.\d+[\w.-]*$/),
        ]);
      }
    }
    const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as Lock;
    const fetched = Object.entries(lock.packages).filter(([path, { link }]) => path.includes("node_modules/") && !link);
    expect(fetched.length).toBeGreaterThan(100);
    expect(fetched.filter(([, { integrity, inBundle }]) => !integrity && !inBundle).map(([path]) => path)).toEqual([]);
  });
});

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

interface Lock {
  packages: Record<string, { integrity?: string; link?: boolean; inBundle?: boolean }>;
}
