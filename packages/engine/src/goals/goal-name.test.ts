import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { goalName, slug } from "./goal-name.ts";

describe("goalName", () => {
  test.each([
    ["Grow the newsletter", "grow-the-newsletter"],
    ["  Größe & Café: 3 Punkte! ", "grosse-cafe-3-punkte"],
    ["目標", "goal"],
    ["../../etc/passwd", "etc-passwd"],
    ["CON", "goal-con"],
    ["README", "goal-readme"],
  ])("makes %j the name %s", (title, name) => {
    expect(slug(title)).toBe(name);
  });

  test("numbers a name that is taken", () => {
    const taken = new Set(["a-b", "a-b-2"]);
    expect(goalName("A b", (name) => taken.has(name))).toBe("a-b-3");
  });

  test("is always free and safe as a file name", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 20 }), (titles) => {
        const taken = new Set<string>();
        for (const title of titles) {
          const name = goalName(title, (candidate) => taken.has(candidate));
          expect(name).toMatch(/^[a-z0-9][a-z0-9-]{0,47}$/);
          expect(taken.has(name)).toBe(false);
          taken.add(name);
        }
      }),
    );
  });
});
