import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { editFile } from "./edit-file.ts";
import { aContext, aFolder } from "./test-context.ts";

const folder = aFolder();
const context = aContext(folder.path);
const content = () => readFileSync(join(folder.path, "file.md"), "utf8");
afterAll(() => folder.remove());

async function edit(before: string, old_text: string, new_text: string, replace_all = false) {
  folder.write("file.md", before);
  return editFile.execute({ path: "file.md", old_text, new_text, replace_all }, context);
}

describe("edit_file", () => {
  test("replaces the one place and says the line", async () => {
    const output = await edit("a\nb\nc\nd\ne\nf\ng\n", "e", "E");
    expect(output.text).toBe("Edited file.md: replaced 1 place, at line 5.");
    expect(output.view).toEqual({
      type: "difference",
      path: "file.md",
      before: "b\nc\nd\ne\nf\ng\n",
      after: "b\nc\nd\nE\nf\ng\n",
    });
    expect(content()).toBe("a\nb\nc\nd\nE\nf\ng\n");
  });

  test("takes the new text literally", async () => {
    await edit("price: X", "X", "$& $1 $$");
    expect(content()).toBe("price: $& $1 $$");
  });

  test("says how many and where when there are several, and replaces all when asked", async () => {
    await expect(edit("x\ny\nx\n", "x", "z")).rejects.toThrow('old_text occurs 2 times in "file.md", at lines 1, 3.');
    await edit("x\ny\nx\n", "x", "z", true);
    expect(content()).toBe("z\ny\nz\n");
  });

  test("keeps CRLF and the byte order mark", async () => {
    await edit("\uFEFFone\r\ntwo\r\nthree\r\n", "one\ntwo", "1\n2\n2b");
    expect(content()).toBe("\uFEFF1\r\n2\r\n2b\r\nthree\r\n");
  });

  test("says that only white space differs and shows the lines", async () => {
    await expect(edit("if (a) {\n\t\trun();\n}\n", "if (a) {\n    run();\n}", "x")).rejects.toThrow(
      'old_text was not found in "file.md". Lines 1-3 differ only in white space (spaces, tabs or line ends). The file has:\nif (a) {\n\t\trun();\n}',
    );
  });

  test("says that quotes differ", async () => {
    await expect(edit("It’s “done” – now\n", 'It\'s "done" - now', "x")).rejects.toThrow(
      "Line 1 differs only in quotes, dashes, capitals or white space.",
    );
  });

  test("says where a text of many lines stops matching", async () => {
    await expect(edit("a\nb\nc\nd\n", "b\nc\nX", "y")).rejects.toThrow(
      'Its first 2 lines are at line 2, but line 4 differs.\nIn the file: "d"\nIn old_text: "X"',
    );
  });

  test("names the nearest line, an edit that is made already, and nothing alike", async () => {
    await expect(edit("const limit = 100;\n", "const limits = 200;", "x")).rejects.toThrow(
      'The nearest line is 1: "const limit = 100;"',
    );
    await expect(edit("const b = 2;\n", "const b = 1;", "const b = 2;")).rejects.toThrow(
      "the edit may be made already",
    );
    await expect(edit("aaa\n", "zzz", "y")).rejects.toThrow("Nothing like its first line is there.");
  });

  test("refuses what is not text and what is the same", async () => {
    await expect(edit("a", "a", "a")).rejects.toThrow("are the same");
    folder.write("bad.txt", Buffer.from([0x61, 0xff]));
    await expect(editFile.execute({ path: "bad.txt", old_text: "a", new_text: "b" }, context)).rejects.toThrow(
      "not valid UTF-8",
    );
  });

  test("a missing file makes no folders", async () => {
    await expect(editFile.execute({ path: "x/y.md", old_text: "a", new_text: "b" }, context)).rejects.toThrow(
      "does not exist",
    );
    expect(readdirSync(folder.path)).not.toContain("x");
  });

  test("keeps both of two edits made at once", async () => {
    folder.write("file.md", "a\nb\n");
    await Promise.all([
      editFile.execute({ path: "file.md", old_text: "a", new_text: "A" }, context),
      editFile.execute({ path: "file.md", old_text: "b", new_text: "B" }, { ...context, toolCallId: "call_two" }),
    ]);
    expect(content()).toBe("A\nB\n");
  });

  test("recover reports an edit that was made, and knows nothing of any other", async () => {
    const args = { path: "file.md", old_text: "before", new_text: "after" };
    folder.write("file.md", "it was before");
    expect(await editFile.recover?.(args, context)).toBeNull();
    await editFile.execute(args, context);
    expect((await editFile.recover?.(args, context))?.text).toContain("new_text is in place");
    const grown = { path: "file.md", old_text: "after", new_text: "after all" };
    expect(await editFile.recover?.(grown, context)).toBeNull();
  });

  test("changes exactly the text asked for, whatever it is", async () => {
    const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }).map((text) => text.replaceAll("\0", "0"));
    await fc.assert(
      fc.asyncProperty(word, word, word, async (head, tail, replacement) => {
        const marker = "<<the marker>>";
        if (/\r|\n/.test(head + tail + replacement)) return;
        await edit(head + marker + tail, marker, replacement);
        expect(content()).toBe((head + replacement + tail).toWellFormed());
      }),
      { numRuns: 60 },
    );
  });
});
