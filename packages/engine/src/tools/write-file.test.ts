import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { aContext, aFolder } from "./test-context.ts";
import { writeFile } from "./write-file.ts";

const folder = aFolder();
const context = aContext(folder.path);
const at = (path: string) => join(folder.path, path);
afterAll(() => folder.remove());

describe("write_file", () => {
  test("makes folders and says the bytes", async () => {
    const output = await writeFile.execute({ path: "a/b/new.md", content: "é\n" }, context);
    expect(output.text).toBe("Wrote 3 bytes to a/b/new.md (new file).");
    expect(output.view).toEqual({ type: "file", path: "a/b/new.md", bytes: 3, lines: 1 });
    expect(readFileSync(at("a/b/new.md"), "utf8")).toBe("é\n");
    expect(readdirSync(at("a/b"))).toEqual(["new.md"]);
  });

  test("replaces a file, keeps its mode and shows the difference", async () => {
    folder.write("run.sh", "old");
    chmodSync(at("run.sh"), 0o750);
    const output = await writeFile.execute({ path: "run.sh", content: "new!" }, context);
    expect(output.text).toBe("Wrote 4 bytes to run.sh (replaced 3 bytes).");
    expect(output.view).toEqual({ type: "difference", path: "run.sh", before: "old", after: "new!" });
    expect(statSync(at("run.sh")).mode & 0o777).toBe(0o750);
  });

  test("leaves the same state when it runs twice", async () => {
    const args = { path: "twice.md", content: "same" };
    await writeFile.execute(args, context);
    const { mtimeMs } = statSync(at("twice.md"));
    expect((await writeFile.execute(args, context)).text).toBe("twice.md already holds exactly this content.");
    expect(statSync(at("twice.md")).mtimeMs).toBe(mtimeMs);
  });

  test("clears what a dead call of the same id left", async () => {
    mkdirSync(at("left"));
    writeFileSync(at("left/.bureau-call_test.tmp"), "half");
    await writeFile.execute({ path: "left/file.md", content: "whole" }, context);
    expect(readdirSync(at("left"))).toEqual(["file.md"]);
  });

  test("writes through a link that stays inside and leaves other names of a file alone", async () => {
    folder.write("real.md", "1");
    symlinkSync("real.md", at("link.md"));
    linkSync(at("real.md"), at("other-name.md"));
    await writeFile.execute({ path: "link.md", content: "2" }, context);
    expect(readFileSync(at("real.md"), "utf8")).toBe("2");
    expect(readFileSync(at("other-name.md"), "utf8")).toBe("1");
  });

  test("refuses a folder, a file as folder, and version control", async () => {
    await expect(writeFile.execute({ path: "a/b", content: "" }, context)).rejects.toThrow("is a folder");
    await expect(writeFile.execute({ path: "run.sh/x", content: "" }, context)).rejects.toThrow(
      "as if it were a folder",
    );
    await expect(writeFile.execute({ path: ".git/hooks/post-commit", content: "" }, context)).rejects.toThrow(
      "Leave it to git",
    );
    expect(readdirSync(folder.path)).not.toContain(".git");
  });
});
