import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testCommands, type TestCommands } from "../testing/factories.ts";
import { createGoal } from "./create-goal.ts";
import { editGoal } from "./edit-goal.ts";
import { getGoalText } from "./goal-text.ts";

let world: TestCommands;

beforeAll(async () => {
  world = await testCommands();
});
afterAll(() => world.close());

const TEXT = "---\n# why: the board asked\ndone: it is there\nowner: ana\n---\nWrite delta.md.\n";

describe("the text of a goal", () => {
  test("is the file as a person wrote it, with comments and unknown keys, and can be given back changed", async () => {
    const goal = await createGoal(world.parts, { text: TEXT });
    const { text, version } = await getGoalText(world.parts, goal.name);
    expect({ text, version }).toEqual({ text: TEXT, version: 1 });
    await editGoal(world.parts, goal.id, { text: text.replace("it is there", "it is read"), version });
    expect(await getGoalText(world.parts, goal.id)).toEqual({
      text: TEXT.replace("it is there", "it is read"),
      version: 2,
    });
  });

  test("is written from what is known of the goal where its file is gone", async () => {
    const goal = await createGoal(world.parts, { spec: { brief: "Write epsilon.md.", done: "it is there" } });
    await rm(join(world.folder, goal.file!));
    expect((await getGoalText(world.parts, goal.id)).text).toBe("---\ndone: it is there\n---\nWrite epsilon.md.\n");
  });

  test("of a file that has grown too large is refused", async () => {
    const goal = await createGoal(world.parts, { text: "Write zeta.md." });
    await writeFile(join(world.folder, goal.file!), "x".repeat(300 * 1024));
    await expect(getGoalText(world.parts, goal.id)).rejects.toMatchObject({ code: "too_large" });
  });
});
