import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyEvent, applyEvents, EMPTY_VIEW } from "./apply-event.ts";
import { type BureauEvent, EVENT_TYPES } from "./event.ts";

function anEvent(seq: number, data: Record<string, unknown>): BureauEvent {
  return { seq, type: "run.started", at: "2026-01-01T00:00:00.000Z", threadId: null, runId: null, goalId: null, data };
}

function anItem(position: number) {
  return { id: `item_${position}`, threadId: "thr_1", position, content: { type: "notice", text: "x" } };
}

describe("applyEvent", () => {
  test("keeps each kind of thing by its id", () => {
    const view = applyEvents(EMPTY_VIEW, [
      anEvent(1, { run: { id: "run_1", status: "running" } }),
      anEvent(2, { goal: { id: "goal_1" }, step: { id: "step_1" }, toolCall: { id: "call_1" } }),
      anEvent(3, { entry: { id: "appr_1" }, agent: { id: "agt_1" }, thread: { id: "thr_1" }, task: { id: "task_1" } }),
      anEvent(4, { evidence: { id: "evid_1" }, effect: { id: "eff_1" } }),
    ]);
    expect(Object.keys(view.effects)).toHaveLength(1);
    expect(view.runs["run_1"]).toMatchObject({ status: "running" });
    for (const kind of ["goals", "steps", "toolCalls", "inbox", "agents", "threads", "tasks", "evidence"] as const) {
      expect(Object.keys(view[kind])).toHaveLength(1);
    }
    expect(view.lastSeq).toBe(4);
  });

  test("lays the part that changed over what is known", () => {
    const view = applyEvents(EMPTY_VIEW, [
      anEvent(1, { run: { id: "run_1", status: "running", model: "a/b" } }),
      anEvent(2, { run: { id: "run_1", status: "completed" } }),
    ]);
    expect(view.runs["run_1"]).toEqual({ id: "run_1", status: "completed", model: "a/b" });
  });

  test("keeps items of a thread in the order of their positions, each once", () => {
    const view = applyEvents(EMPTY_VIEW, [
      anEvent(1, { item: anItem(2) }),
      anEvent(2, { item: anItem(1) }),
      anEvent(3, { item: anItem(3) }),
      anEvent(4, { item: anItem(2) }),
    ]);
    expect(view.items["thr_1"]?.map((item) => item.position)).toEqual([1, 2, 3]);
  });

  test("an event that was seen changes nothing", () => {
    const view = applyEvent(EMPTY_VIEW, anEvent(5, { run: { id: "run_1" } }));
    expect(applyEvent(view, anEvent(5, { run: { id: "run_2" } }))).toBe(view);
    expect(applyEvent(view, anEvent(4, { run: { id: "run_2" } }))).toBe(view);
  });

  test("data that is not understood moves the sequence number only", () => {
    const view = applyEvent(EMPTY_VIEW, anEvent(1, { run: "x", goal: null, other: { id: "y" }, item: { id: "z" } }));
    expect(view).toEqual({ ...EMPTY_VIEW, lastSeq: 1 });
  });

  test("any prefix, followed by a resume from any earlier number, gives the same view", () => {
    fc.assert(
      fc.property(someEvents, fc.nat(60), fc.nat(60), (events, cut, back) => {
        const whole = applyEvents(EMPTY_VIEW, events);
        const before = JSON.stringify(EMPTY_VIEW);
        const prefix = applyEvents(EMPTY_VIEW, events.slice(0, cut));
        const resumed = applyEvents(prefix, events.slice(Math.max(0, cut - back)));
        expect(resumed).toEqual(whole);
        expect(JSON.stringify(EMPTY_VIEW)).toBe(before);
      }),
    );
  });
});

const someThing = fc.record(
  { id: fc.constantFrom("x_1", "x_2", "x_3"), status: fc.constantFrom("a", "b", "c"), title: fc.string() },
  { requiredKeys: ["id"] },
);
const someData = fc.oneof(
  fc
    .tuple(fc.constantFrom("run", "goal", "step", "toolCall", "entry", "task"), someThing)
    .map(([name, thing]) => ({ [name]: thing })),
  fc.integer({ min: 1, max: 9 }).map((position) => ({ item: anItem(position) })),
  fc.dictionary(fc.string(), fc.string()),
);
const someEvents = fc
  .array(fc.tuple(fc.constantFrom(...EVENT_TYPES), someData), { maxLength: 50 })
  .map((list) => list.map(([type, data], index): BureauEvent => ({ ...anEvent(index + 1, data), type })));

describe("the stop of everything", () => {
  test("is in the view until it is lifted", () => {
    const halted = { at: "2026-01-01T00:00:00.000Z", by: "owner" };
    const event = { at: halted.at, threadId: null, runId: null, goalId: null };
    const stopped = applyEvent(EMPTY_VIEW, { ...event, seq: 1, type: "everything.stopped", data: { halted } });
    expect(stopped.halted).toEqual(halted);
    const broken = { ...event, seq: 2, type: "everything.stopped" as const, data: { halted: "yes" } };
    expect(applyEvent(stopped, broken).halted).toEqual(halted);
    const resumed = { ...event, seq: 2, type: "everything.resumed" as const, data: { halted: null } };
    expect(applyEvent(stopped, resumed).halted).toBe(null);
  });
});
