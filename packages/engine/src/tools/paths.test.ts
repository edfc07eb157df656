import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { AppError } from "@bureau/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFile, readWhole } from "./open-file.ts";
import { openPlace, resolveInside } from "./paths.ts";
import { aContext, aFolder } from "./test-context.ts";
import { writeFile } from "./write-file.ts";

const SECRET = "the secret outside";
const RACE_TRIES = 8000;

let root: ReturnType<typeof aFolder>;
let folder: string;
let outside: string;

beforeAll(() => {
  root = aFolder({ "outside/secret.txt": SECRET, "inside-too/secret.txt": SECRET, "inside/a/b/c.txt": "c" });
  folder = join(root.path, "inside");
  outside = join(root.path, "outside");
  for (const [target, name] of [
    [outside, "out"],
    ["../outside", "out-relative"],
    [join(outside, "secret.txt"), "out-file"],
    [join(outside, "missing.txt"), "out-dangling"],
    ["a/b", "in"],
    [join(folder, "a"), "in-absolute"],
    ["a/missing.txt", "in-dangling"],
    ["loop-2", "loop-1"],
    ["loop-1", "loop-2"],
    ["../../..", "a/b/up"],
    [".git", "disguised"],
  ] as const) {
    symlinkSync(target, join(folder, name));
  }
  mkdirSync(join(folder, ".git"));
  writeFileSync(join(folder, ".git/config"), "[core]");
});
afterAll(() => root.remove());

describe("a path", () => {
  test.each([
    ["a/b/c.txt", "a/b/c.txt"],
    ["./a//b/../b/c.txt", "a/b/c.txt"],
    ["in/c.txt", "a/b/c.txt"],
    ["in-absolute/b/c.txt", "a/b/c.txt"],
    ["in-dangling", "a/missing.txt"],
    ["a/b/..", "a"],
    ["new.txt", "new.txt"],
  ])("%s resolves to %s", (path, expected) => {
    expect(resolveInside(folder, path)).toBe(join(folder, expected));
  });

  test.each(["goals/spring.md", "./a/../goals/spring.md", "bureau.yaml"])("%s may be read but not written", (path) => {
    expect(() => openPlace(folder, path, "write")).toThrow(/only a person writes it/);
    expect(existsSync(join(folder, "goals"))).toBe(false);
    expect(resolveInside(folder, "bureau.yaml")).toBe(join(folder, "bureau.yaml"));
  });

  test("absolute inside the folder is accepted", () => {
    expect(resolveInside(folder, join(folder, "a/b/c.txt"))).toBe(join(folder, "a/b/c.txt"));
    expect(resolveInside(folder, folder)).toBe(folder);
  });

  test.each([
    "../outside/secret.txt",
    "a/../../outside/secret.txt",
    "/etc/passwd",
    "out/secret.txt",
    "out-relative/secret.txt",
    "out-file",
    "out-dangling",
    "a/b/up/outside/secret.txt",
    "..",
  ])("%s is refused because it leads out", (path) => {
    expect(() => resolveInside(folder, path)).toThrow(/leads out of the folder/);
  });

  test("of a folder whose name only begins the same is refused", () => {
    expect(() => resolveInside(folder, join(root.path, "inside-too/secret.txt"))).toThrow(/leads out/);
  });

  test("in a circle of links is refused", () => {
    expect(() => resolveInside(folder, "loop-1")).toThrow(/more than 40 links/);
  });

  test.each([".git/config", "a/.GIT/hooks/pre-commit", "disguised/config", ".bureau/state"])(
    "%s may not be written",
    (path) => {
      expect(() => openPlace(folder, path, "write")).toThrow(/Leave it/);
    },
  );

  test("names the path and the folder in its error", () => {
    expect(() => resolveInside(folder, "../x")).toThrow(`The path "../x" leads out of the folder ${folder}.`);
  });
});

test("no path made of nasty parts reads or writes outside", () => {
  const part = fc.constantFrom(
    ..."..|.||a|b|c.txt|out|out-relative|out-file|out-dangling|in|in-absolute|in-dangling|loop-1|up".split("|"),
    ..."outside|secret.txt|inside|a/b/up|~|\0|…| |.git|.bureau".split("|"),
    "a".repeat(300),
  );
  const start = fc.constantFrom("", "/", `${folder}/`, `${folder}/../`, `${outside}/`, "/proc/self/cwd/", "file://");
  const nasty = fc.tuple(start, fc.array(part, { maxLength: 9 })).map(([head, parts]) => head + parts.join("/"));
  fc.assert(
    fc.property(nasty, (path) => {
      try {
        const place = openPlace(folder, path, "read");
        place.close();
        expect(place.path.split("/")).not.toContain("..");
        const file = openFile(folder, path);
        expect(readWhole(file).toString()).not.toContain(SECRET);
        file.close();
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }),
    { numRuns: 1500 },
  );
});

test.skipIf(process.platform !== "linux")("open descriptors do not grow with refused and accepted paths", () => {
  const count = () => readdirSync("/proc/self/fd").length;
  const before = count();
  for (const path of ["a/b/c.txt", "../x", "out/y", "a/missing/z", "loop-1"]) {
    for (let time = 0; time < 20; time += 1) {
      try {
        resolveInside(folder, path);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }
  }
  expect(count()).toBeLessThan(before + 20);
});

test("a folder swapped with a link in a loop never lets a read or a write out", async () => {
  mkdirSync(join(folder, "swapped"));
  writeFileSync(join(folder, "swapped/secret.txt"), "harmless");
  symlinkSync(outside, join(folder, "swapped-link"));
  const stop = new Int32Array(new SharedArrayBuffer(8));
  const swapper = new Worker(SWAP, { eval: true, workerData: { stop, name: join(folder, "swapped") } });
  await new Promise((resolve) => swapper.once("message", resolve));
  const outcomes = { read: 0, wrote: 0, refused: 0 };
  for (let time = 0; time < RACE_TRIES; time += 1) {
    try {
      const file = openFile(folder, "swapped/secret.txt");
      expect(readWhole(file).toString()).toBe("harmless");
      file.close();
      outcomes.read += 1;
      if (time % 20 === 0) {
        await writeFile.execute({ path: `swapped/new-${time}.txt`, content: "x" }, aContext(folder));
        outcomes.wrote += 1;
      }
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      outcomes.refused += 1;
    }
  }
  Atomics.store(stop, 0, 1);
  await new Promise((resolve) => swapper.once("exit", resolve));
  expect(Atomics.load(stop, 1)).toBeGreaterThan(10);
  expect(outcomes.read).toBeGreaterThan(0);
  expect(outcomes.refused).toBeGreaterThan(0);
  expect(readdirSync(outside)).toEqual(["secret.txt"]);
  expect(readFileSync(join(outside, "secret.txt"), "utf8")).toBe(SECRET);
});

const SWAP = `
const { parentPort, workerData } = require("node:worker_threads");
const { existsSync, renameSync, rmSync } = require("node:fs");
const { stop, name } = workerData;
parentPort.postMessage("ready");
const attempt = (change) => { try { change(); } catch {} };
while (Atomics.load(stop, 0) === 0) {
  attempt(() => renameSync(name, name + "-away"));
  attempt(() => renameSync(name + "-link", name));
  attempt(() => renameSync(name, name + "-link"));
  // A write may have made the folder anew while its name was free.
  if (existsSync(name)) attempt(() => rmSync(name, { recursive: true }));
  attempt(() => renameSync(name + "-away", name));
  Atomics.add(stop, 1, 1);
}
`;
