import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { listFiles } from "./list-files.ts";
import { aContext, aFolder } from "./test-context.ts";

const repository = aFolder({
  ".git/HEAD": "ref: refs/heads/main",
  ".git/info/exclude": "private.txt\n",
  ".gitignore": "node_modules/\n*.log\n/docs/build\n",
  "node_modules/x/index.js": "",
  "docs/build/out.html": "",
  "docs/guide.md": "12345",
  "docs/.gitignore": "!kept.log\ndraft*\n",
  "docs/kept.log": "",
  "docs/draft.md": "",
  "trace.log": "",
  "private.txt": "",
  "deep/a/b/c/d.txt": "",
  ".bureau/token": "secret",
});
symlinkSync("docs/guide.md", join(repository.path, "link.md"));
afterAll(() => repository.remove());
const list = (args: { path?: string; depth?: number }, folder = repository.path) =>
  listFiles.execute(args, aContext(folder));

describe("list_files", () => {
  test("leaves out what git ignores, by every kind of rule, and hidden state", async () => {
    expect((await list({})).text.split("\n")).toEqual([
      ".gitignore 32 bytes",
      "deep/",
      "deep/a/",
      "deep/a/b/",
      "docs/",
      "docs/.gitignore 17 bytes",
      "docs/guide.md 5 bytes",
      "docs/kept.log 0 bytes",
      "link.md -> docs/guide.md",
    ]);
  });

  test("knows the rules of the repository around an agent's folder", async () => {
    expect((await list({}, join(repository.path, "docs"))).text).toBe(
      ".gitignore 17 bytes\nguide.md 5 bytes\nkept.log 0 bytes",
    );
  });

  test("an agent's folder that the repository around it ignores is looked at as one of its own", async () => {
    expect((await list({}, join(repository.path, "node_modules/x"))).text).toBe("index.js 0 bytes");
  });

  test("lists an ignored folder that was named", async () => {
    expect((await list({ path: "node_modules" })).text).toBe("node_modules/x/\nnode_modules/x/index.js 0 bytes");
  });

  test("goes as deep as asked", async () => {
    expect((await list({ path: "deep", depth: 1 })).text).toBe("deep/a/");
    expect((await list({ path: "deep", depth: 9 })).text).toContain("deep/a/b/c/d.txt 0 bytes");
  });

  test("cuts the deepest first and says how many more there are", async () => {
    const many = aFolder({ "z/last.txt": "" });
    for (let index = 0; index < 350; index += 1) many.write(`a/${index}.txt`, "");
    const { text } = await list({}, many.path);
    expect(text).toContain("z/\n");
    expect(text.endsWith("[53 more not shown. List a folder below by its path, or use a smaller depth.]")).toBe(true);
    many.remove();
  });

  test("an empty folder, a file and a missing folder are said", async () => {
    const empty = aFolder();
    expect((await list({}, empty.path)).text).toBe("The folder holds nothing that git does not ignore.");
    empty.remove();
    await expect(list({ path: "docs/guide.md" })).rejects.toThrow("is a file. Read it with read_file.");
    await expect(list({ path: "dcs" })).rejects.toThrow('"dcs" does not exist.');
    await expect(list({ path: ".." })).rejects.toThrow("leads out of the folder");
    await expect(list({ path: ".bureau" })).rejects.toThrow("Leave it alone");
  });
});
