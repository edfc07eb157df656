import { expect, test } from "vitest";
import { judgeFile } from "./artifact-file.ts";

const held = new Set(["one", "two"]);

test.each([
  ["the newest version", false, "three", "same"],
  ["the newest version, before anybody knows", true, "three", "same"],
  ["nothing, because it was taken away", false, null, "gone"],
  ["nothing, because it is still to be written", true, null, "write"],
  ["the version before, because the newest is still to be written", true, "two", "write"],
  ["an older one of ours, because two were published at once", true, "one", "write"],
  ["an old version that somebody has put back", false, "two", "take_up"],
  ["somebody's work", false, "other", "take_up"],
  ["somebody's work, in the moment before the newest is written", true, "other", "take_up"],
] as const)("a file that holds %s", (_what, isPending, found, verdict) => {
  expect(judgeFile({ newest: "three", held, isPending }, found)).toBe(verdict);
});
