import { EVENT_TYPES } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tellEvent, type ToldEvent, typesOf } from "./activity.ts";

const EVENT: ToldEvent = {
  type: "goal.updated",
  data: {},
  agentName: "writer",
  goalTitle: "Launch",
  threadTitle: null,
  entry: null,
  effect: null,
};

describe("what happened", () => {
  test.each<[Partial<ToldEvent>, string | null]>([
    [
      { data: { goal: { status: "done", sentence: "All checks passed." } } },
      'The goal "Launch" is done: All checks passed.',
    ],
    [{ data: { goal: { usage: {} } } }, null],
    [
      { type: "run.failed", data: { run: { sentence: "No model." } } },
      'A run of writer failed, for "Launch": No model.',
    ],
    [
      {
        type: "approval.decided",
        data: { entry: { id: "appr_1", status: "approved", title: "Send it", decidedBy: "ana" } },
      },
      'Ana approved "Send it".',
    ],
    [
      { type: "tool_call.completed", effect: { id: "eff_1", title: "post to #x", approvedBy: "owner", error: null } },
      'Writer did "post to #x", on the yes of owner.',
    ],
    [{ type: "tool_call.completed" }, null],
    [{ type: "agent.updated", data: { agent: { status: "paused" } } }, "Writer was paused."],
    [
      {
        type: "policy.changed",
        data: { change: "added", rule: { id: "rule_1", text: "ask mail.send", createdBy: "ana" } },
      },
      "A rule was added by ana: ask mail.send.",
    ],
    [{ type: "everything.stopped", data: { halted: { by: "owner", at: "" } } }, "Everything was stopped by owner."],
    [{ type: "item.added" }, null],
  ])("is told in a sentence: %#", (part, sentence) => {
    expect(tellEvent({ ...EVENT, ...part })?.sentence ?? null).toBe(sentence);
  });

  test("carries who decided", () => {
    const entry = { id: "appr_1", title: "Send it", decidedBy: "ana", answer: null };
    expect(tellEvent({ ...EVENT, type: "sign_off.decided", data: {}, entry })).toMatchObject({ by: "ana" });
  });

  test("is chosen by kind", () => {
    expect(typesOf(["policy"])).toEqual(["policy.changed"]);
    expect(typesOf(null)).not.toContain("step.started");
  });

  test("is told of any event whatever it holds, without an error, on one line", () => {
    const data = fc.dictionary(
      fc.constantFrom("goal", "run", "entry", "effect", "task", "rule", "halted", "agent", "change"),
      fc.oneof(
        fc.jsonValue(),
        fc.dictionary(
          fc.constantFrom("id", "status", "title", "by", "sentence", "decidedBy"),
          fc.string({ unit: "binary" }),
        ),
      ),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...EVENT_TYPES),
        data,
        fc.option(fc.string({ unit: "binary" }), { nil: null }),
        (type, given, name) => {
          const told = tellEvent({ ...EVENT, type, data: given, agentName: name, goalTitle: name });
          expect(told?.sentence ?? "").not.toMatch(/[\n\0]/);
        },
      ),
    );
  });
});
