import { access, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadContext } from "../context/load-context.ts";
import { parseGoalFile } from "../goals/goal-file.ts";
import { initWorkspace, isWorkspace, TEMPLATES } from "./init-workspace.ts";
import { readSettings } from "./settings.ts";

let parent: string;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "bureau-init-"));
});

afterAll(async () => {
  await rm(parent, { recursive: true, force: true });
});

describe("a new workspace", () => {
  test.each(TEMPLATES)(
    "from %s has the whole layout, readable settings and an agent with context",
    async (template) => {
      const folder = join(parent, "deep", template);
      const report = await initWorkspace(folder, template);
      expect(report.kept).toEqual([]);
      expect(await isWorkspace(folder)).toBe(true);
      for (const name of ["memory", "skills", "records", "goals", "agents", "artifacts", "AGENTS.md"])
        await access(join(folder, name));
      expect(await readFile(join(folder, ".gitignore"), "utf8")).toContain(".bureau/");
      expect((await readSettings(folder)).warnings).toEqual([]);
      const [agent] = await readdir(join(folder, "agents"));
      const loaded = await loadContext({ workspace: folder, folder: join(folder, "agents", agent ?? "") });
      expect(loaded.sources).toHaveLength(2);
      expect(loaded.notices).toEqual([]);
    },
  );

  test("holds a sample goal that can be read", async () => {
    const folder = join(parent, "sample");
    const { created } = await initWorkspace(folder, "company");
    const goals = created.filter((path) => path.includes("/examples/"));
    expect(goals).toHaveLength(1);
    for (const path of goals) {
      const { spec, warnings } = parseGoalFile(await readFile(join(folder, path), "utf8"), { name: path });
      expect(warnings).toEqual([]);
      expect(spec.checks.length).toBeGreaterThan(0);
    }
  });

  test("leaves what is there as it is, and can be made again", async () => {
    const folder = join(parent, "kept");
    await initWorkspace(folder, "empty");
    await writeFile(join(folder, "AGENTS.md"), "mine");
    const again = await initWorkspace(folder, "company");
    expect(again.kept).toContain("AGENTS.md");
    expect(await readFile(join(folder, "AGENTS.md"), "utf8")).toBe("mine");
    expect((await initWorkspace(folder, "company")).created).toEqual([]);
  });

  test("is refused where a file stands in the way, with what to do", async () => {
    await writeFile(join(parent, "file"), "");
    await expect(initWorkspace(join(parent, "file"), "empty")).rejects.toMatchObject({
      code: "invalid",
      hint: expect.stringContaining("choose another folder"),
    });
    await expect(initWorkspace(parent, "firm" as "company")).rejects.toThrow('There is no template "firm".');
  });
});
