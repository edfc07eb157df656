import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Clock } from "../clock.ts";
import { searchFiles } from "./search-files.ts";
import { searchExpression, searchLines } from "./search-lines.ts";
import { aContext, aFolder } from "./test-context.ts";

const outside = aFolder({ "secret.txt": "needle outside" });
const folder = aFolder({
  ".gitignore": "ignored/\n",
  "ignored/a.txt": "needle",
  "a.txt": "first\nA Needle here\r\nneedle again",
  "docs/b.md": "no\nneedle (in) docs\n",
  "c.bin": Buffer.from("needle\0").toString("latin1"),
});
symlinkSync(join(outside.path, "secret.txt"), join(folder.path, "link.txt"));
symlinkSync(outside.path, join(folder.path, "link"));
afterAll(() => {
  folder.remove();
  outside.remove();
});
const search = async (args: Parameters<typeof searchFiles.execute>[0], changes = {}) =>
  (await searchFiles.execute(args, aContext(folder.path, changes))).text;

describe("search_files", () => {
  test("gives path, line and text, without ignored and binary files and never through links", async () => {
    expect(await search({ pattern: "needle" })).toBe(
      "a.txt:2:A Needle here\na.txt:3:needle again\ndocs/b.md:2:needle (in) docs",
    );
  });

  test("capitals make it exact, literal takes signs as they are, glob and path narrow it", async () => {
    expect(await search({ pattern: "Needle" })).toBe("a.txt:2:A Needle here");
    expect(await search({ pattern: "(in)", literal: true })).toBe("docs/b.md:2:needle (in) docs");
    expect(await search({ pattern: "needle", glob: "*.{md,rst}" })).toBe("docs/b.md:2:needle (in) docs");
    expect(await search({ pattern: "needle", glob: "!docs/**" })).toBe("a.txt:2:A Needle here\na.txt:3:needle again");
    expect(await search({ pattern: "needle", path: "docs/b.md" })).toBe("docs/b.md:2:needle (in) docs");
  });

  test("says when there is none and when there are more", async () => {
    expect(await search({ pattern: "absent" })).toBe('[No match for "absent" in 4 files.]');
    expect(await search({ pattern: "needle", max: 1 })).toBe(
      "a.txt:2:A Needle here\n[Stopped at max matches; there may be more. Narrow the search, or set max.]",
    );
  });

  test("a wrong pattern and a wrong path are useful errors", async () => {
    await expect(search({ pattern: "(" })).rejects.toThrow(
      "The pattern is not a regular expression: /(/i: Unterminated group",
    );
    await expect(search({ pattern: "x", path: "nowhere" })).rejects.toThrow('"nowhere" does not exist.');
    await expect(search({ pattern: "x", path: "link/secret.txt" })).rejects.toThrow("leads out");
  });

  test("ends a pattern that would run for years and keeps what was found", async () => {
    const slow = aFolder({ "a.txt": "aaa", "b.txt": `${"a".repeat(60)}!` });
    const elapsed: Clock = { now: () => 0, sleep: (_ms, signal) => waitFor(700, signal) };
    const output = await searchFiles.execute({ pattern: "^(a+)+$" }, aContext(slow.path, { clock: elapsed }));
    expect(output.text).toMatch(/^a\.txt:1:aaa\n\[Stopped after 10 s; narrow it/);
    slow.remove();
  });

  test("ends at once when the run is stopped", async () => {
    const slow = aFolder({ "b.txt": `${"a".repeat(60)}!` });
    const stop = new AbortController();
    const running = searchFiles.execute({ pattern: "^(a+)+$" }, aContext(slow.path, { signal: stop.signal }));
    stop.abort(new Error("stopped"));
    await expect(running).rejects.toThrow("stopped");
    slow.remove();
  });

  test("numbers lines rightly across the chunks of a large file", async () => {
    const lines = Array.from({ length: 60_000 }, (_, index) =>
      index % 20_000 === 19_999 ? `mark é ${index + 1}` : "filling line",
    );
    folder.write("large.txt", lines.join("\n"));
    expect(await search({ pattern: "mark", path: "large.txt" })).toBe(
      [20_000, 40_000, 60_000].map((line) => `large.txt:${line}:mark é ${line}`).join("\n"),
    );
  });
});

describe("searchLines", () => {
  test("shows the part of a long line around its match", () => {
    const [match] = searchLines(`${"x".repeat(1000)}here${"y".repeat(1000)}`, 1, /here/, 5);
    expect(match?.text).toMatch(/^…x{100}herey+…$/);
  });

  test.each([
    ["\\Sfoo\\W", "i"],
    ["\\p{Lu}x", "i"],
    ["Foo", ""],
    ["(?i)Foo", "i"],
  ])("the pattern %s searches with the flags %j", (pattern, flags) => {
    expect(searchExpression(pattern, false).flags).toBe(flags);
  });
});

function waitFor(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
