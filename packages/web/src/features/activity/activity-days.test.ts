import type { ActivityEntry } from "@bureau/protocol";
import { expect, test } from "vitest";
import { activityRows, newerThan } from "./activity-days.ts";

function entry(seq: number, at: string): ActivityEntry {
  return {
    seq,
    at,
    kind: "goal",
    type: "goal.created",
    sentence: `${seq}`,
    by: null,
    agentId: null,
    agentName: null,
    goalId: null,
    goalTitle: null,
    runId: null,
    threadId: null,
    subjectId: null,
  };
}
const local = (day: number) => new Date(2026, 2, day, 12).toISOString();
const NOW = new Date(2026, 2, 10, 15).getTime();

test("each day has its line, and what is listed twice stands once", () => {
  const rows = activityRows([entry(5, local(10)), entry(4, local(10)), entry(4, local(10)), entry(3, local(9))], NOW);
  expect(rows.map((row) => (row.type === "day" ? row.label : row.entry.seq))).toEqual(["Today", 5, 4, "Yesterday", 3]);
});

test("days long ago are called by their date", () => {
  const rows = activityRows([entry(1, local(3)), entry(0, new Date(2025, 0, 5, 12).toISOString())], NOW);
  expect(rows.flatMap((row) => (row.type === "day" ? [row.label] : []))).toEqual(["Tuesday 3 March", "5 January 2025"]);
});

test("only what came after the newest one shown is new", () => {
  expect(newerThan([entry(5, local(10)), entry(4, local(10))], 4).map(({ seq }) => seq)).toEqual([5]);
});
