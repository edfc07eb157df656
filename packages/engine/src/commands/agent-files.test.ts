import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { artifactMethods } from "../artifact-methods.ts";
import type { FilesApi } from "../engine-api.ts";
import { artifactParts } from "../loop/publish.ts";
import { anOfficeFile } from "../testing/office-files.ts";
import { testEngine, type TestEngine } from "../testing/test-engine.ts";

const SECRET = "s3cret-value-4711";

let engine: TestEngine;
let api: FilesApi;

beforeAll(async () => {
  engine = await testEngine({
    script: () => "ok",
    parts: { secretIn: (text) => (text.includes(SECRET) ? "MAIL" : null) },
  });
  api = artifactMethods(engine.commands, artifactParts(engine.parts));
  const at = (path: string) => join(engine.folder, path);
  for (const folder of ["memory", "notes", ".bureau", ".git"]) mkdirSync(at(folder));
  writeFileSync(at(".bureau/token"), "x");
  writeFileSync(at("notes/one.md"), "# One\n");
  writeFileSync(at(".env"), "KEY=1");
  writeFileSync(at("mail.txt"), SECRET);
  writeFileSync(at("page.html"), "<script>alert(1)</script>");
  writeFileSync(at("big.txt"), Buffer.alloc(33 * 1024 * 1024, "x"));
  writeFileSync(at("plan.docx"), await anOfficeFile("docx", "# Plan\n"));
  symlinkSync("/etc", at("out"));
  symlinkSync(".env", at("plain.txt"));
  symlinkSync("notes/one.md", at("inside.md"));
});
afterAll(() => engine.close());

describe("a folder of an agent", () => {
  test("is listed, folders first, without what is Bureau's and git's, and with files of keys marked", async () => {
    const { path, entries, truncated } = await api.listAgentFiles("writer", ".");
    expect([path, truncated]).toEqual(["", false]);
    expect(entries.map((entry) => `${entry.type} ${entry.path}${entry.secret ? " (secret)" : ""}`)).toEqual([
      "folder memory",
      "folder notes",
      "file .env (secret)",
      "file AGENTS.md",
      "file big.txt",
      "link inside.md",
      "file mail.txt",
      "link out",
      "file page.html",
      "link plain.txt",
      "file plan.docx",
    ]);
    expect((await api.listAgentFiles("writer", "notes")).entries).toMatchObject([{ path: "notes/one.md", bytes: 6 }]);
    expect((await api.listAgentFiles("writer", join(engine.folder, "notes"))).path).toBe("notes");
  });

  test.each(["..", "../..", "/etc", "out", "out/ssl", ".bureau", "notes/../.bureau", "notes/../../writer/../.."])(
    "does not lead out by %s",
    async (path) => {
      await expect(api.listAgentFiles("writer", path)).rejects.toMatchObject({
        code: expect.stringMatching(/forbidden|invalid/),
      });
    },
  );
});

describe("a file of an agent", () => {
  test("is looked at by what it is, also through a link that stays inside", async () => {
    expect(await api.previewAgentFile("writer", "inside.md")).toMatchObject({
      kind: "markdown",
      text: "# One\n",
      name: "one.md",
    });
    expect(await api.previewAgentFile("writer", "plan.docx")).toMatchObject({
      kind: "document",
      blocks: [{ type: "heading", text: "Plan" }],
    });
    expect(await api.previewAgentFile("writer", "page.html")).toMatchObject({ kind: "text", language: "html" });
    expect(await api.previewAgentFile("writer", "big.txt")).toMatchObject({ kind: "other", hash: "" });
  });

  test.each([".env", "plain.txt", ".bureau/token", "../../.bureau/token", "out/passwd", "/etc/passwd"])(
    "that is not to be shown is refused: %s",
    async (path) => {
      await expect(api.previewAgentFile("writer", path)).rejects.toMatchObject({ code: "forbidden" });
      await expect(api.agentFileContent("writer", path)).rejects.toMatchObject({ code: "forbidden" });
    },
  );

  test("with a secret in it is not sent as bytes, in which nothing could be hidden", async () => {
    await expect(api.agentFileContent("writer", "mail.txt")).rejects.toMatchObject({ code: "forbidden" });
    await expect(api.agentFileContent("writer", "big.txt")).rejects.toMatchObject({ code: "too_large" });
    await expect(api.agentFileContent("writer", "none.txt")).rejects.toMatchObject({ code: "not_found" });
    await expect(api.agentFileContent("writer", "notes")).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("a context file", () => {
  const save = (path: string, text: string, hash: string | null) => api.saveContextFile("writer", { path, text, hash });

  test("is saved under the hash that it was opened with", async () => {
    const opened = await api.getContextFile("writer", "AGENTS.md");
    expect(opened).toMatchObject({ text: "You write reports.\n" });
    const saved = await save("AGENTS.md", "You write short reports.\n", opened.hash);
    expect(readFileSync(join(engine.folder, "AGENTS.md"), "utf8")).toBe("You write short reports.\n");
    expect(await api.getContextFile("writer", "AGENTS.md")).toEqual(saved);
  });

  test("that somebody has changed, made or removed since is left as it is", async () => {
    const { hash } = await api.getContextFile("writer", "AGENTS.md");
    writeFileSync(join(engine.folder, "AGENTS.md"), "By hand.\n");
    await expect(save("AGENTS.md", "x", hash)).rejects.toMatchObject({ code: "conflict" });
    await expect(save("AGENTS.md", "x", null)).rejects.toMatchObject({ code: "conflict" });
    await expect(save("memory/new.md", "x", hash)).rejects.toMatchObject({ code: "conflict" });
    expect(readFileSync(join(engine.folder, "AGENTS.md"), "utf8")).toBe("By hand.\n");
  });

  test("that is new is made, with its folders", async () => {
    expect(await api.getContextFile("writer", "skills/count/SKILL.md")).toMatchObject({ text: "", hash: null });
    await save("skills/count/SKILL.md", "Count.\n", null);
    expect(readFileSync(join(engine.folder, "skills/count/SKILL.md"), "utf8")).toBe("Count.\n");
  });

  test("whose secret the editor could not see is not written over", async () => {
    writeFileSync(join(engine.folder, "CLAUDE.md"), SECRET);
    const { hash } = await api.getContextFile("writer", "CLAUDE.md");
    await expect(save("CLAUDE.md", "x", hash)).rejects.toMatchObject({ code: "forbidden" });
  });

  test.each([
    "notes/one.md",
    "bureau.yaml",
    "goals/x.md",
    "../AGENTS.md",
    "/etc/AGENTS.md",
    "out/AGENTS.md",
    "memory/../../x.md",
  ])("is nothing else: %s", async (path) => {
    await expect(save(path, "x", null)).rejects.toMatchObject({ code: expect.stringMatching(/forbidden|invalid/) });
    await expect(api.getContextFile("writer", path)).rejects.toMatchObject({
      code: expect.stringMatching(/forbidden|invalid/),
    });
  });
});
