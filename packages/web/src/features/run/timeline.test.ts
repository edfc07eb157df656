import type { Step, TimelineEntry, ToolCall } from "@bureau/protocol";
import { expect, test } from "vitest";
import { barPercent, timelineOf } from "./timeline.ts";

const explained = [
  {
    stepId: "s1",
    number: 1,
    kind: "model_call",
    status: "running",
    sentence: "Asked the model.",
    tokens: 0,
    micros: 0,
    durationMs: null,
  },
] as unknown as TimelineEntry[];
const step = (id: string, number: number, kind: string, endedAt: string | null) =>
  ({
    id,
    number,
    kind,
    name: "x",
    status: endedAt === null ? "running" : "completed",
    startedAt: "2026-01-01T00:00:00Z",
    endedAt,
    usage: null,
  }) as unknown as Step;

test("steps that came after the explanation are added, and explained ones go on", () => {
  const steps = [step("s2", 2, "tool_call", null), step("s1", 1, "model_call", "2026-01-01T00:00:02Z")];
  const entries = timelineOf(explained, steps, [{ id: "call_1", stepId: "s2" } as unknown as ToolCall]);
  expect(entries).toMatchObject([
    { stepId: "s1", sentence: "Asked the model.", status: "completed", durationMs: 2_000 },
    { stepId: "s2", sentence: "Uses a tool.", status: "running", durationMs: null, toolCallId: "call_1" },
  ]);
});

test("bars are as long as the longest step allows, and never unseen", () => {
  expect(barPercent(500, 1_000)).toBe(50);
  expect(barPercent(0, 1_000)).toBe(2);
  expect(barPercent(0, 0)).toBe(2);
  expect(barPercent(null, 1_000)).toBe(100);
});
