import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { findImports } from "./imports.ts";
import { createContextCache, loadContext, MAX_CONTEXT_BYTES } from "./load-context.ts";

const made: string[] = [];
let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "bureau-context-")));
  made.push(root);
});

afterAll(async () => {
  for (const path of made) await rm(path, { recursive: true, force: true });
});

describe("the chain of context files", () => {
  test("goes from the workspace's root down to the folder, the nearest last", async () => {
    await write({
      "ws/AGENTS.md": "root",
      "ws/agents/AGENTS.md": "middle",
      "ws/agents/a/CLAUDE.md": "near",
      "AGENTS.md": "above",
    });
    const loaded = await load("ws/agents/a");
    expect(loaded.text).toBe("## AGENTS.md\n\nroot\n\n## agents/AGENTS.md\n\nmiddle\n\n## agents/a/CLAUDE.md\n\nnear");
    expect(loaded.sources.map((source) => source.path)).toEqual([
      at("ws/AGENTS.md"),
      at("ws/agents/AGENTS.md"),
      at("ws/agents/a/CLAUDE.md"),
    ]);
    expect(loaded.sources[0]).toMatchObject({ bytes: 4, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(loaded.notices).toEqual([]);
  });

  test("takes the override before AGENTS.md before CLAUDE.md", async () => {
    await write({
      "ws/AGENTS.override.md": "override",
      "ws/AGENTS.md": "agents",
      "ws/CLAUDE.md": "claude",
      "ws/a/AGENTS.md": "agents a",
      "ws/a/CLAUDE.md": "claude a",
    });
    expect((await load("ws/a")).text).toBe("## AGENTS.override.md\n\noverride\n\n## a/AGENTS.md\n\nagents a");
  });

  test("falls through where AGENTS.md is a folder", async () => {
    await write({ "ws/AGENTS.md/x": "x", "ws/CLAUDE.md": "claude" });
    const loaded = await load("ws");
    expect(loaded.text).toContain("claude");
    expect(loaded.notices).toEqual(["AGENTS.md is a folder and was not read."]);
  });

  test.skipIf(process.getuid?.() === 0)("falls through where AGENTS.md cannot be read", async () => {
    await write({ "ws/AGENTS.md": "secret", "ws/CLAUDE.md": "claude" });
    await chmod(at("ws/AGENTS.md"), 0);
    const loaded = await load("ws");
    expect(loaded.text).toContain("claude");
    expect(loaded.notices[0]).toMatch(/^AGENTS\.md could not be read/);
  });

  test("has nothing to say where there are no files", async () => {
    await mkdir(at("ws"));
    expect(await load("ws/missing")).toEqual({ sources: [], text: "", notices: [] });
  });

  test("for a folder elsewhere: the workspace's file, then from its git root down", async () => {
    await write({
      "ws/AGENTS.md": "workspace",
      "code/AGENTS.md": "above",
      "code/shop/.git/HEAD": "",
      "code/shop/AGENTS.md": "repository",
      "code/shop/web/AGENTS.md": "web",
    });
    expect((await load("code/shop/web")).text).toBe(
      `## AGENTS.md\n\nworkspace\n\n## ${at("code/shop/AGENTS.md")}\n\nrepository\n\n## ${at("code/shop/web/AGENTS.md")}\n\nweb`,
    );
  });

  test("finds parents along the path as written when the folder is a link", async () => {
    await write({
      "ws/AGENTS.md": "logical parent",
      "other/AGENTS.md": "physical parent",
      "other/sub/AGENTS.md": "itself",
    });
    await symlink(at("other/sub"), at("ws/link"));
    expect((await load("ws/link")).text).toBe("## AGENTS.md\n\nlogical parent\n\n## link/AGENTS.md\n\nitself");
  });

  test("reads a file once, however many names lead to it", async () => {
    await write({ "ws/AGENTS.md": "once @a/AGENTS.md", "ws/a/AGENTS.md": "near" });
    const loaded = await load("ws/a");
    expect(loaded.text.match(/near/g)).toHaveLength(1);
  });

  test("does not follow a link that leads out", async () => {
    await write({ "secret.md": "secret", "ws/CLAUDE.md": "claude", "ws/.bureau/token": "token" });
    await symlink(at("secret.md"), at("ws/AGENTS.md"));
    const loaded = await load("ws");
    expect(loaded.text).toBe("## CLAUDE.md\n\nclaude");
    expect(loaded.notices[0]).toMatch(/leads out/);
  });
});

describe("what a file holds", () => {
  test("bad UTF-8 is used as far as it is text, with a notice that names the file", async () => {
    await write({ "ws/AGENTS.md": Buffer.from([0x61, 0xff, 0x62]) });
    expect(await load("ws")).toMatchObject({
      text: "## AGENTS.md\n\na\uFFFDb",
      notices: ["AGENTS.md is not valid UTF-8; unreadable characters were replaced."],
    });
  });

  test("UTF-16 from Windows and byte order marks are read", async () => {
    await write({ "ws/AGENTS.md": Buffer.from("\uFEFFhällo", "utf16le"), "ws/a/AGENTS.md": "\uFEFFgrüße" });
    expect(await load("ws/a")).toMatchObject({ text: "## AGENTS.md\n\nhällo\n\n## a/AGENTS.md\n\ngrüße", notices: [] });
  });

  test("a huge file is cut at 32 KiB, between characters", async () => {
    await write({ "ws/AGENTS.md": `x${"ä".repeat(3_000_000)}` });
    const loaded = await load("ws");
    expect(Buffer.byteLength(loaded.text)).toBeLessThan(33_000);
    expect(loaded.text).not.toContain("\uFFFD");
    expect(loaded.notices).toEqual(["AGENTS.md is larger than 32 KiB; only its beginning is used."]);
    expect(loaded.sources[0]?.bytes).toBe(6_000_001);
  });

  test("all files together are cut at 96 KiB, the farthest first", async () => {
    const long = "line of text\n".repeat(2300);
    await write({
      "ws/AGENTS.md": long,
      "ws/1/AGENTS.md": long,
      "ws/1/2/AGENTS.md": long,
      "ws/1/2/3/AGENTS.md": `${long}nearest`,
    });
    const loaded = await load("ws/1/2/3");
    expect(Buffer.byteLength(loaded.text)).toBeLessThan(MAX_CONTEXT_BYTES + 500);
    expect(loaded.text.endsWith("nearest")).toBe(true);
    expect(loaded.notices).toEqual(["AGENTS.md was cut: context files are limited to 96 KiB in all."]);
  });
});

describe("imports", () => {
  test("are followed, relative to their file, after the file that names them", async () => {
    await write({
      "ws/AGENTS.md": "See @docs/style.md for style.",
      "ws/docs/style.md": "style @more.md",
      "ws/docs/more.md": "more",
    });
    expect((await load("ws")).text).toBe(
      "## AGENTS.md\n\nSee @docs/style.md for style.\n\n## docs/style.md\n\nstyle @more.md\n\n## docs/more.md\n\nmore",
    );
  });

  test("stay inside, by path and by link", async () => {
    await write({
      "secret.md": "secret",
      "ws/.bureau/token.md": "token",
      "ws/AGENTS.md": `@../secret.md @link.md @~/x.md @${at("secret.md")} @.bureau/token.md`,
    });
    await symlink(at("secret.md"), at("ws/link.md"));
    const loaded = await load("ws");
    expect(loaded.sources).toHaveLength(1);
    expect(loaded.notices).toHaveLength(5);
  });

  test("of a loop are read once, and a chain ends at its depth", async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [`ws/${index}.md`, `text ${index} @${index + 1}.md`]),
    );
    await write({ "ws/AGENTS.md": "@AGENTS.md @0.md", ...chain });
    const loaded = await load("ws");
    expect(loaded.sources.map((source) => source.path.slice(at("ws/").length))).toEqual([
      "AGENTS.md",
      "0.md",
      "1.md",
      "2.md",
      "3.md",
      "4.md",
    ]);
    expect(loaded.notices).toEqual(["4.md imports 5.md; imports are followed 5 deep, so it was not read."]);
  });

  test("are limited in number", async () => {
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`ws/f${index}.md`, `text ${index}`]));
    await write({
      ...files,
      "ws/AGENTS.md": Object.keys(files)
        .map((path) => `@${path.slice(3)}`)
        .join("\n"),
    });
    const loaded = await load("ws");
    expect(loaded.sources).toHaveLength(51);
    expect(loaded.notices).toEqual(["AGENTS.md imports f50.md; at most 50 imports are read."]);
  });

  test("that miss get a notice only when they can mean nothing but a file", async () => {
    await write({ "ws/AGENTS.md": "Ask @ada, use @types/node and read @missing.md." });
    expect((await load("ws")).notices).toEqual(["AGENTS.md imports missing.md, which does not exist."]);
  });

  test.each([
    ["@a.md", ["a.md"]],
    ["read @./b/c.md, then (@d.md).", ["./b/c.md", "d.md"]],
    ["mail ada@example.com", []],
    ["`@a.md` and ``@b.md ` c`` but @c.md", ["c.md"]],
    ["```\n@a.md\n```\n@b.md", ["b.md"]],
    ["~~~~ js\n@a.md\n~~~\n@b.md\n~~~~\n@c.md", ["c.md"]],
    ["a ` alone @b.md", ["b.md"]],
  ])("of %j are %j", (text, paths) => {
    expect(findImports(text).map((found) => found.path)).toEqual(paths);
  });

  test("are found in any text, quickly", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("`", "@", "a", ".", "/", " ", "\n", "~"), maxLength: 500 }),
        (text) => {
          for (const { path } of findImports(text)) expect(text).toContain(`@${path}`);
        },
      ),
    );
    expect(findImports("` `` ".repeat(8000))).toEqual([]);
  });
});

describe("the cache", () => {
  test("gives the same result until a file changes, comes or goes", async () => {
    await write({ "ws/CLAUDE.md": "one", "ws/a/AGENTS.md": "two @more.md", "ws/a/more.md": "three" });
    const cache = createContextCache();
    const paths = { workspace: at("ws"), folder: at("ws/a") };
    const first = await loadContext(paths, cache);
    expect(await loadContext(paths, cache)).toBe(first);
    await write({ "ws/a/more.md": "changed" });
    expect((await loadContext(paths, cache)).text).toContain("changed");
    await write({ "ws/AGENTS.md": "came" });
    expect((await loadContext(paths, cache)).text).toContain("came");
    await rm(at("ws/a/more.md"));
    expect((await loadContext(paths, cache)).notices).toHaveLength(1);
  });
});

function at(path: string): string {
  return join(root, path);
}

async function load(folder: string) {
  return loadContext({ workspace: at("ws"), folder: at(folder) });
}

async function write(files: Record<string, string | Buffer>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), content);
  }
}
