import { describe, expect, test } from "vitest";
import { rebase, textOf } from "./rebase.ts";
import { formOfSpec } from "./spec-form.ts";

const base = formOfSpec({ title: "Report", brief: "Write it.", done: "It is there.", checks: [{ judge: "kind" }] });

describe("an edit over a goal that was changed meanwhile", () => {
  test("takes over what only the other has changed, and keeps what only I have changed", () => {
    const mine = { ...base, brief: "Write it well." };
    const now = { ...base, done: "It is read." };
    expect(rebase({ version: 1, base, mine }, now, 2)).toEqual({
      version: 2,
      base: now,
      mine: { ...base, brief: "Write it well.", done: "It is read." },
      taken: ["done"],
      conflicts: [],
    });
  });

  test("asks where both have changed the same, unless to the same", () => {
    const mine = { ...base, brief: "Write it well.", title: "Same" };
    const now = { ...base, brief: "Write it fast.", title: "Same" };
    const rebased = rebase({ version: 1, base, mine }, now, 2);
    expect(rebased).toMatchObject({ conflicts: ["brief"], taken: [], mine });
  });

  test("shows each field as text", () => {
    const form = formOfSpec({
      checks: [{ file: { path: "a.md" } }],
      constraints: ["one", "two"],
      budget: { turns: 4 },
    });
    expect(textOf(form, "checks")).toBe("a.md exists");
    expect(textOf(form, "constraints")).toBe("one\ntwo");
    expect(textOf(form, "budget")).toBe("Turns: 4");
    expect(textOf(base, "done")).toBe("It is there.");
  });
});
