import { expect, test } from "vitest";
import { mergeThing, mergeThings } from "./merge-things.ts";

const whole = (id: string, title: string) => ({ id, title, createdAt: "2026-01-01T00:00:00Z" });

test("a part that an event told is laid over what was fetched, and alone is nothing", () => {
  const part = { id: "goal_1", title: "new" } as ReturnType<typeof whole>;
  expect(mergeThing(whole("goal_1", "old"), part)).toEqual(whole("goal_1", "new"));
  expect(mergeThing(undefined, part)).toBeNull();
  expect(mergeThing(whole("goal_1", "fetched"), whole("goal_1", "live"))?.title).toBe("live");
});

test("things are listed newest first, each once, with those that only events told", () => {
  const live = { b: whole("b", "live b"), c: whole("c", "live c"), d: { id: "d" } as ReturnType<typeof whole> };
  expect(mergeThings([whole("a", "a"), whole("b", "b")], live).map(({ title }) => title)).toEqual([
    "live c",
    "live b",
    "a",
  ]);
});
