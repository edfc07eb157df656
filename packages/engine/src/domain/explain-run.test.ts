import {
  EFFECT_STATUSES,
  EVIDENCE_STATUSES,
  INBOX_KINDS,
  INBOX_STATUSES,
  NO_USAGE,
  type Run,
  RUN_FAILURES,
  RUN_OUTCOMES,
  RUN_STATUSES,
  type Step,
  STEP_KINDS,
  STEP_STATUSES,
  TOOL_CALL_STATUSES,
  TOOL_EFFECTS,
  WAIT_REASONS,
} from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { explainRun, explainStep, type RunStory, type StoryCall } from "./explain-run.ts";

const AT = "2026-01-01T00:00:00.000Z";
const RUN: Run = {
  id: "run_1",
  threadId: "thr_1",
  agentId: "agt_1",
  goalId: null,
  taskId: null,
  status: "completed",
  trigger: "message",
  waitReason: null,
  waitUntil: null,
  outcome: "answered",
  failure: null,
  sentence: "",
  epoch: 1,
  stepCount: 4,
  turn: 1,
  usage: { ...NO_USAGE, modelCalls: 2, toolCalls: 3, tokens: 12_345, micros: 20_000, activeMs: 125_000 },
  model: "test/x",
  rehearsal: false,
  createdAt: AT,
  startedAt: AT,
  endedAt: AT,
};
const STEP: Step = {
  id: "step_1",
  runId: "run_1",
  number: 1,
  kind: "model_call",
  status: "completed",
  turn: 1,
  name: "test/x",
  attempts: 1,
  usage: null,
  error: null,
  startedAt: AT,
  endedAt: AT,
};
const CALL: StoryCall = {
  id: "call_1",
  stepId: "step_2",
  askedBy: "step_1",
  name: "write_file",
  status: "completed",
  effect: "write_workspace",
  path: "report.md",
  command: null,
  url: null,
};
const STORY: RunStory = {
  run: RUN,
  agent: "writer",
  goalTitle: null,
  asked: "Write the report.",
  calls: [],
  callCount: 0,
  entries: [],
  effects: [],
  evidence: [],
};

describe("the explanation of a run", () => {
  test("says what it was asked, did, cost and came to", () => {
    const calls: StoryCall[] = [
      CALL,
      { ...CALL, name: "run_command", path: null, command: "npm test", status: "failed" },
      { ...CALL, name: "run_command", path: null, command: "npm run lint" },
      { ...CALL, name: "mail__send", effect: "write_outside", path: null, status: "denied" },
    ];
    const text = explainRun({
      ...STORY,
      calls,
      callCount: 4,
      goalTitle: "Launch in spring",
      entries: [{ kind: "approval", status: "denied", title: "Send", answer: null, decidedBy: "ana" }],
      effects: [{ status: "done", title: "post to #news", approvedBy: "owner", error: null, undoneBy: null }],
      evidence: [
        { checkIndex: 0, requirement: "report.md exists", status: "unverified", detail: "" },
        { checkIndex: 0, requirement: "report.md exists", status: "verified", detail: "" },
        { checkIndex: 1, requirement: "It is good", status: "partial", detail: "" },
      ],
    });
    expect(text).toBe(
      'Writer was asked, for the goal "Launch in spring": "Write the report". ' +
        "It wrote report.md and ran 2 commands (`npm test`, `npm run lint`), of which 1 failed. " +
        'Outside the workspace: "post to #news" was done, on the yes of owner. ' +
        "1 call of mail__send was denied by ana. " +
        'Of 2 checks 1 passed; not "It is good" (partial). ' +
        "It took 2 min of work, 2 model calls, 12,345 tokens and $0.02. " +
        "It ended with an answer.",
    );
  });

  test("says what it waits for", () => {
    const run: Run = { ...RUN, status: "waiting", waitReason: "approval", outcome: null };
    const entries: RunStory["entries"] = [
      { kind: "approval", status: "pending", title: "Send the mail to bob@x.org", answer: null, decidedBy: null },
    ];
    expect(explainRun({ ...STORY, run, entries })).toMatch(
      /It waits for a person's yes\. In the inbox for it: "Send the mail to bob@x\.org"\.$/,
    );
  });

  test("names a call whose end is not known, and what a rehearsal is", () => {
    const calls: StoryCall[] = [{ ...CALL, status: "interrupted" }];
    const text = explainRun({ ...STORY, run: { ...RUN, rehearsal: true }, calls, callCount: 1 });
    expect(text).toContain("in a rehearsal, with words written beforehand");
    expect(text).toContain("It began 1 call of which it is not known how it ended.");
  });

  const nasty = fc.string({ unit: "binary", maxLength: 400 });
  const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
  const call = fc.record({
    id: fc.constant("call_1"),
    stepId: maybe(fc.constant("step_1")),
    askedBy: fc.constantFrom("step_1", "step_2"),
    name: fc.oneof(nasty, fc.constantFrom("write_file", "run_command", "fetch_url", "list_files", "plan")),
    status: fc.constantFrom(...TOOL_CALL_STATUSES),
    effect: fc.constantFrom(...TOOL_EFFECTS),
    path: maybe(nasty),
    command: maybe(nasty),
    url: maybe(nasty),
  }) as fc.Arbitrary<StoryCall>;
  const story: fc.Arbitrary<RunStory> = fc.record({
    run: fc
      .record({
        status: fc.constantFrom(...RUN_STATUSES),
        trigger: fc.oneof(nasty, fc.constantFrom("goal", "check", "resume", "task", "message")),
        outcome: maybe(fc.constantFrom(...RUN_OUTCOMES)),
        failure: maybe(fc.constantFrom(...RUN_FAILURES)),
        waitReason: maybe(fc.constantFrom(...WAIT_REASONS)),
        sentence: nasty,
        rehearsal: fc.boolean(),
      })
      .map((part): Run => ({ ...RUN, ...part })),
    agent: nasty,
    goalTitle: maybe(nasty),
    asked: maybe(nasty),
    calls: fc.array(call, { maxLength: 8 }),
    callCount: fc.nat(5_000),
    entries: fc.array(
      fc.record({
        kind: fc.constantFrom(...INBOX_KINDS),
        status: fc.constantFrom(...INBOX_STATUSES),
        title: nasty,
        answer: maybe(nasty),
        decidedBy: maybe(nasty),
      }),
      { maxLength: 5 },
    ),
    effects: fc.array(
      fc.record({
        status: fc.constantFrom(...EFFECT_STATUSES),
        title: nasty,
        approvedBy: maybe(nasty),
        error: maybe(nasty),
        undoneBy: maybe(nasty),
      }),
      { maxLength: 8 },
    ),
    evidence: fc.array(
      fc.record({
        checkIndex: fc.nat(3),
        requirement: nasty,
        status: fc.constantFrom(...EVIDENCE_STATUSES),
        detail: nasty,
      }),
      { maxLength: 5 },
    ),
  });

  test("is one bounded line for every state that a run can be in, and the same each time", () => {
    fc.assert(
      fc.property(story, (given) => {
        const text = explainRun(given);
        expect(text).toBe(explainRun(given));
        expect(text.length).toBeLessThan(10_000);
        expect(text).not.toMatch(/\p{Cc}/u);
        expect(text).toMatch(/[.!?…]["”]?$/u);
      }),
    );
  });

  test("tells every kind of step in every state in a sentence", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...STEP_KINDS),
        fc.constantFrom(...STEP_STATUSES),
        nasty,
        maybe(nasty),
        fc.array(call, { maxLength: 3 }),
        (kind, status, name, error, calls) => {
          const text = explainStep({ ...STEP, kind, status, name, error }, calls);
          expect(text).not.toContain("\n");
          expect(text.length).toBeGreaterThan(3);
        },
      ),
    );
  });

  test.each([
    [STEP, "Asked test/x, which asked for write_file."],
    [{ ...STEP, id: "step_2", kind: "tool_call", name: "write_file" }, "Wrote report.md."],
    [{ ...STEP, kind: "check", status: "running", endedAt: null }, "Ran the checks of the goal, which is under way."],
    [
      { ...STEP, status: "failed", error: "Overloaded.", attempts: 2 },
      "Asked test/x (2 times), which failed: Overloaded.",
    ],
  ] as [Step, string][])("of a step is short: %#", (step, sentence) => {
    expect(explainStep(step, [CALL])).toBe(sentence);
  });
});
