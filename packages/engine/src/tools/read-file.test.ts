import { mkdirSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readFile } from "./read-file.ts";
import { aContext, aFolder } from "./test-context.ts";

const folder = aFolder({ "notes/plan.md": "one\ntwo\nthree\n", "empty.txt": "" });
const context = aContext(folder.path);
afterAll(() => folder.remove());

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`).join("\n") + "\n";

describe("read_file", () => {
  test("gives a short file as it is", async () => {
    const output = await readFile.execute({ path: "notes/plan.md" }, context);
    expect(output).toEqual({
      text: "one\ntwo\nthree",
      view: { type: "file", path: "notes/plan.md", bytes: 14, lines: 3 },
    });
  });

  test("pages a long file and says how to read on", async () => {
    folder.write("long.txt", numbered(1000));
    const first = await readFile.execute({ path: "long.txt" }, context);
    expect(first.text.endsWith("line 400\n[Lines 1-400 of 1000. Read on with offset=401.]")).toBe(true);
    const last = await readFile.execute({ path: "long.txt", offset: 801, limit: 400 }, context);
    expect(last.text.startsWith("line 801\n")).toBe(true);
    expect(last.text.endsWith("line 1000\n[Lines 801-1000 of 1000, the end.]")).toBe(true);
  });

  test("pages through a large file give every line once", async () => {
    folder.write("large.txt", numbered(40_000));
    const seen: string[] = [];
    for (let offset: number | undefined = 1; offset !== undefined;) {
      const { text }: { text: string } = await readFile.execute({ path: "large.txt", offset, limit: 2000 }, context);
      seen.push(...text.split("\n").filter((line) => line.startsWith("line ")));
      const next: string | undefined = /Read on with offset=(\d+)/.exec(text)?.[1];
      offset = next === undefined ? undefined : Number(next);
    }
    expect(seen).toEqual(numbered(40_000).trimEnd().split("\n"));
  });

  test("cuts a very long line, in small and in large files", async () => {
    folder.write("wide.txt", `${"é".repeat(5000)}\nnext\n`);
    folder.write("wider.txt", `${"é".repeat(300_000)}\nnext\n`);
    for (const path of ["wide.txt", "wider.txt"]) {
      const { text } = await readFile.execute({ path }, context);
      expect(text).toMatch(/^é{1000}… \[\d+ more bytes in this line\]\nnext/);
    }
  });

  test("keeps a page within its bytes", async () => {
    folder.write("heavy.txt", `${"x".repeat(1500)}\n`.repeat(100));
    const { text } = await readFile.execute({ path: "heavy.txt" }, context);
    expect(Buffer.byteLength(text)).toBeLessThan(24_200);
    expect(text).toMatch(/Lines 1-15 of 100\. Read on with offset=16\./);
  });

  test("says that a file is empty", async () => {
    expect((await readFile.execute({ path: "empty.txt" }, context)).text).toBe("[The file is empty.]");
  });

  test("shows CRLF and broken UTF-8 as text with a note", async () => {
    folder.write("windows.txt", Buffer.from("\uFEFFa\r\nb\xff\r\n", "latin1"));
    const { text } = await readFile.execute({ path: "windows.txt" }, context);
    expect(text).toContain("Lines end in CRLF");
    expect(text).toContain("Not valid UTF-8");
  });

  test("refuses a binary file with its size and a way out", async () => {
    folder.write("picture.png", Buffer.from([0x89, 0x50, 0, 0, 1]));
    await expect(readFile.execute({ path: "picture.png" }, context)).rejects.toThrow(
      '"picture.png" is not text (5 bytes). Convert it with run_command',
    );
  });

  test("a missing file names near ones", async () => {
    await expect(readFile.execute({ path: "notes/plam.md" }, context)).rejects.toThrow(
      '"notes/plam.md" does not exist. Did you mean "notes/plan.md"?',
    );
    await expect(readFile.execute({ path: "nowhere/plan.md" }, context)).rejects.toThrow(
      '"nowhere/plan.md" does not exist: there is no folder "nowhere". Look with list_files.',
    );
  });

  test("a folder, a pipe and a place past the end are useful errors", async () => {
    mkdirSync(join(folder.path, "folder"));
    execFileSync("mkfifo", [join(folder.path, "pipe")]);
    await expect(readFile.execute({ path: "folder" }, context)).rejects.toThrow(
      "is a folder. Look into it with list_files.",
    );
    await expect(readFile.execute({ path: "pipe" }, context)).rejects.toThrow("is a device or a pipe");
    await expect(readFile.execute({ path: "notes/plan.md", offset: 9 }, context)).rejects.toThrow(
      '"notes/plan.md" has 3 lines; offset 9 is past its end.',
    );
  });
});
