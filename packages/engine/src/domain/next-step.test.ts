import fc from "fast-check";
import { TOOL_CALL_STATUSES, type ToolCallStatus } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { type NextStep, nextStep } from "./next-step.ts";
import type { GoalState, RunState, ToolCallState } from "./run-state.ts";

function aCall(call: Partial<ToolCallState> = {}): ToolCallState {
  return {
    id: "call_1",
    name: "run_command",
    status: "pending",
    effect: "write_workspace",
    idempotent: false,
    recoverable: false,
    needsApproval: false,
    ...call,
  };
}

function aRun(run: Partial<RunState> = {}): RunState {
  return {
    cancelRequested: false,
    pauseRequested: false,
    stepCount: 3,
    stepLimit: 100,
    activeMs: 0,
    activeLimitMs: 60_000,
    attempts: 1,
    attemptLimit: 5,
    openSteps: [],
    toolCalls: [],
    hasUnread: false,
    personSpoke: false,
    compactionDue: false,
    repeatedCall: null,
    overBudget: null,
    modelFailure: null,
    didSomething: false,
    answered: false,
    goal: null,
    ...run,
  };
}

function aGoal(goal: Partial<GoalState> = {}): GoalState {
  return { status: "active", checkRequested: false, verdict: null, stalled: null, blocked: null, ...goal };
}

/** What one tool call in each status makes a run do. A new status fails to compile here. */
const ONE_TOOL_CALL: Record<ToolCallStatus, NextStep> = {
  pending: { type: "call_tools", toolCallIds: ["call_1"] },
  awaiting_approval: { type: "wait", reason: "question", until: null },
  running: { type: "interrupt_calls", toolCallIds: ["call_1"] },
  completed: { type: "call_model" },
  failed: { type: "call_model" },
  denied: { type: "call_model" },
  interrupted: { type: "call_model" },
  canceled: { type: "call_model" },
};

describe("nextStep", () => {
  test.each(Object.entries(ONE_TOOL_CALL))("with a %s tool call", (status, expected) => {
    const run = aRun({ hasUnread: true, toolCalls: [aCall({ status: status as ToolCallStatus })] });
    expect(nextStep(run)).toEqual(expected);
  });

  test("finds or repeats a call that a dead process had started, when that is safe", () => {
    const running = { status: "running" } as const;
    expect(nextStep(aRun({ toolCalls: [aCall({ ...running, recoverable: true })] })).type).toBe("recover_calls");
    expect(nextStep(aRun({ toolCalls: [aCall({ ...running, idempotent: true })] })).type).toBe("recover_calls");
    expect(nextStep(aRun({ toolCalls: [aCall(running)] })).type).toBe("interrupt_calls");
  });

  test("ends a call found at work when the run was stopped or paused meanwhile", () => {
    const toolCalls = [aCall({ status: "running", recoverable: true })];
    expect(nextStep(aRun({ toolCalls, cancelRequested: true })).type).toBe("end_calls");
    expect(nextStep(aRun({ toolCalls, pauseRequested: true })).type).toBe("end_calls");
  });

  test("a cancel comes before a pause, and both before any work", () => {
    const work = { hasUnread: true, toolCalls: [aCall()] };
    expect(nextStep(aRun({ ...work, cancelRequested: true, pauseRequested: true }))).toEqual({
      type: "finish",
      status: "canceled",
    });
    expect(nextStep(aRun({ ...work, pauseRequested: true }))).toEqual({ type: "wait", reason: "paused", until: null });
  });

  test("asks a person for a call that needs it, after the calls that do not have run", () => {
    const asking = aCall({ id: "call_2", needsApproval: true });
    expect(nextStep(aRun({ toolCalls: [aCall(), asking] }))).toEqual({ type: "call_tools", toolCallIds: ["call_1"] });
    expect(nextStep(aRun({ toolCalls: [asking] }))).toEqual({ type: "ask_approval", toolCallIds: ["call_2"] });
    const asked = { ...asking, status: "awaiting_approval" as const };
    expect(nextStep(aRun({ toolCalls: [asked] }))).toEqual({ type: "wait", reason: "approval", until: null });
  });

  test("after denials in a row waits for the person, once the calls that were asked for are settled", () => {
    const asked = { askedAfterDenials: true, hasUnread: true };
    const waits = { type: "wait", reason: "question", until: null };
    expect(nextStep(aRun(asked))).toEqual(waits);
    expect(nextStep(aRun({ ...asked, goal: aGoal({ checkRequested: true }) }))).toEqual(waits);
    expect(nextStep(aRun({ ...asked, stepCount: 100, goal: aGoal() }))).toEqual(waits);
    expect(nextStep(aRun({ ...asked, toolCalls: [aCall()] })).type).toBe("call_tools");
    expect(nextStep(aRun({ ...asked, cancelRequested: true }))).toMatchObject({ status: "canceled" });
  });

  test("stops at the step limit; a goal goes on in a new run", () => {
    expect(nextStep(aRun({ stepCount: 100, hasUnread: true }))).toMatchObject({
      status: "failed",
      failure: "step_limit",
    });
    expect(nextStep(aRun({ stepCount: 100, hasUnread: true, goal: aGoal() }))).toMatchObject({
      status: "completed",
      goal: "yielded",
    });
    expect(nextStep(aRun({ activeMs: 60_000, hasUnread: true, goal: aGoal() }))).toMatchObject({ goal: "yielded" });
  });

  test("a goal at its run's limit first ends the calls that were asked for, and keeps its verdict", () => {
    const atLimit = { stepCount: 100, hasUnread: true };
    const toolCalls = [aCall()];
    expect(nextStep(aRun({ ...atLimit, toolCalls, goal: aGoal() })).type).toBe("call_tools");
    expect(nextStep(aRun({ ...atLimit, goal: aGoal({ verdict: "passed" }) }))).toMatchObject({ goal: "done" });
    expect(nextStep(aRun({ ...atLimit, goal: aGoal({ blocked: "No key." }) }))).toMatchObject({ failure: "blocked" });
  });

  test("gives up a run that ended its process again and again", () => {
    expect(nextStep(aRun({ attempts: 6, hasUnread: true }))).toMatchObject({ failure: "crash_loop" });
  });

  test("a run that neither answered nor changed anything says so", () => {
    expect(nextStep(aRun())).toMatchObject({ status: "completed", outcome: "nothing_done" });
    expect(nextStep(aRun({ didSomething: true }))).toMatchObject({ outcome: "done" });
    expect(nextStep(aRun({ answered: true }))).toMatchObject({ outcome: "answered" });
  });

  test("no model is called over the budget, but checks may still pass", () => {
    const run = { hasUnread: true, overBudget: "The budget of 10 tokens is used up." };
    expect(nextStep(aRun(run))).toMatchObject({ failure: "budget" });
    expect(nextStep(aRun({ ...run, goal: aGoal({ checkRequested: true }) })).type).toBe("run_checks");
  });

  test("waits as a row for a provider that asked for it, and gives up when nothing helps", () => {
    const hasUnread = true;
    expect(nextStep(aRun({ hasUnread, modelFailure: { type: "wait", until: 99 } }))).toEqual({
      type: "wait",
      reason: "timer",
      until: 99,
    });
    const modelFailure = { type: "give_up", failure: "model", sentence: "No model answered." } as const;
    expect(nextStep(aRun({ hasUnread, modelFailure }))).toMatchObject({ failure: "model" });
  });

  describe("with a goal", () => {
    test("checks when the agent stops, and goes on when a check fails", () => {
      expect(nextStep(aRun({ goal: aGoal() })).type).toBe("run_checks");
      expect(nextStep(aRun({ goal: aGoal({ verdict: "failed" }), hasUnread: true })).type).toBe("call_model");
    });

    test("waits for a sign-off, and hears a person meanwhile", () => {
      const goal = aGoal({ verdict: "sign_off" });
      expect(nextStep(aRun({ goal }))).toEqual({ type: "wait", reason: "sign_off", until: null });
      expect(nextStep(aRun({ goal, hasUnread: true }))).toMatchObject({ reason: "sign_off" });
      expect(nextStep(aRun({ goal, hasUnread: true, personSpoke: true })).type).toBe("call_model");
    });

    test("stops without progress, and when the obstacle stands", () => {
      expect(nextStep(aRun({ goal: aGoal({ stalled: "Nothing moved." }) }))).toMatchObject({ failure: "no_progress" });
      expect(nextStep(aRun({ goal: aGoal({ blocked: "No key." }) }))).toMatchObject({ failure: "blocked" });
    });
  });
});

const anyCall = fc.record({
  id: fc.uuid(),
  name: fc.constantFrom("read_file", "run_command"),
  status: fc.constantFrom(...TOOL_CALL_STATUSES),
  effect: fc.constantFrom("read" as const, "write_workspace" as const, "write_outside" as const),
  idempotent: fc.boolean(),
  recoverable: fc.boolean(),
  needsApproval: fc.boolean(),
});
const anySentence = fc.option(fc.constant("Because."), { nil: null });
const anyRun: fc.Arbitrary<RunState> = fc.record({
  cancelRequested: fc.boolean(),
  pauseRequested: fc.boolean(),
  stepCount: fc.nat(120),
  stepLimit: fc.constant(100),
  activeMs: fc.nat(70_000),
  activeLimitMs: fc.constant(60_000),
  attempts: fc.nat(8),
  attemptLimit: fc.constant(5),
  openSteps: fc.array(fc.record({ id: fc.uuid(), kind: fc.constant("model_call" as const) }), { maxLength: 1 }),
  toolCalls: fc.array(anyCall, { maxLength: 4 }),
  hasUnread: fc.boolean(),
  personSpoke: fc.boolean(),
  compactionDue: fc.boolean(),
  repeatedCall: anySentence,
  overBudget: anySentence,
  modelFailure: fc.constantFrom(null, { type: "wait" as const, until: 1 }),
  didSomething: fc.boolean(),
  answered: fc.boolean(),
  goal: fc.option(
    fc.record({
      status: fc.constant("active" as const),
      checkRequested: fc.boolean(),
      verdict: fc.constantFrom(null, "passed" as const, "failed" as const, "sign_off" as const),
      stalled: anySentence,
      blocked: anySentence,
    }),
    { nil: null },
  ),
});

describe("nextStep, for every journal", () => {
  test("no model or tool is called once a stop or a pause was asked for", () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const step = nextStep({ ...run, pauseRequested: true });
        expect(["call_model", "call_tools", "run_checks", "compact", "recover_calls", "ask_approval"]).not.toContain(
          step.type,
        );
      }),
    );
  });

  test("a call that a dead process had started is never simply called again", () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const step = nextStep(run);
        const running = run.toolCalls.filter((call) => call.status === "running").map((call) => call.id);
        if (step.type === "call_tools") expect(step.toolCallIds.some((id) => running.includes(id))).toBe(false);
        if (step.type === "recover_calls") {
          const found = run.toolCalls.filter((call) => step.toolCallIds.includes(call.id));
          expect(found.every((call) => call.idempotent || call.recoverable)).toBe(true);
        }
      }),
    );
  });

  test("a call that needs a person never runs", () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const step = nextStep(run);
        if (step.type !== "call_tools") return;
        const called = run.toolCalls.filter((call) => step.toolCallIds.includes(call.id));
        expect(called.every((call) => !call.needsApproval)).toBe(true);
      }),
    );
  });

  test("a goal is done only on a passed verdict", () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const step = nextStep(run);
        if (step.type === "finish" && step.status === "completed" && run.goal && step.goal === "done") {
          expect(run.goal.verdict).toBe("passed");
        }
      }),
    );
  });
});
