import { applyEvents, type BureauEvent, EMPTY_VIEW, EVENT_TYPES, type Item, type LiveDelta } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLive } from "./create-live.ts";
import { type Place, PLACE_OF_FIELD, withoutOldest } from "./places.ts";

type Data = Record<string, unknown>;

function anEvent(seq: number, data: Data, type: BureauEvent["type"] = "run.started"): BureauEvent {
  return { seq, type, at: "2026-01-01T00:00:00.000Z", threadId: "thr_1", runId: "run_1", goalId: null, data };
}

function anItem(position: number, content: Data = { type: "notice", text: `${position}` }): Item {
  const item = { id: `item_${position}`, threadId: "thr_1", runId: "run_1", stepId: null, position, turn: 1, content };
  return { ...item, createdAt: "2026-01-01T00:00:00.000Z" } as unknown as Item;
}

function aRun(fields: Data = {}) {
  return { id: "run_1", threadId: "thr_1", status: "running", sentence: "", stepCount: 0, turn: 0, ...fields };
}

function aDelta(text: string, fields: Partial<LiveDelta> = {}): LiveDelta {
  return { type: "item.delta", runId: "run_1", stepId: "step_1", kind: "text", text, ...fields };
}

/** A live state that has caught up. */
function caughtUp() {
  const live = createLive();
  live.endCatchUp();
  return live;
}

describe("replies", () => {
  test("do not undo what an event told after they were asked for", () => {
    const live = createLive();
    live.startAt(10);
    live.receive([anEvent(11, { run: aRun({ status: "completed" }) })]);
    live.layThings("runs", [aRun({ status: "running", sentence: "old" })], 10);
    expect(live.read().view.runs["run_1"]).toMatchObject({ status: "completed", sentence: "" });
    live.layThings("runs", [aRun({ status: "completed", sentence: "Done." })], 11);
    expect(live.read().view.runs["run_1"]).toMatchObject({ status: "completed", sentence: "Done." });
  });

  test("complete a thing of which an event told only a part, and no screen sees the part", () => {
    const live = createLive();
    live.receive([anEvent(1, { run: { id: "run_1", status: "waiting" } })]);
    expect(live.read().view.runs).toEqual({});
    live.layThings("runs", [aRun({ status: "running", sentence: "At work." })], 0);
    expect(live.read().view.runs["run_1"]).toMatchObject({ status: "waiting", sentence: "At work." });
  });

  test("that are older than a step do not set the run's step count back", () => {
    const live = createLive();
    const step = {
      id: "step_1",
      runId: "run_1",
      number: 4,
      turn: 2,
      kind: "model_call",
      name: "a/b",
      status: "running",
    };
    live.receive([anEvent(1, { step }, "step.started")]);
    live.layThings("runs", [aRun({ stepCount: 3, turn: 1, model: null })], 0);
    expect(live.read().view.runs["run_1"]).toMatchObject({ stepCount: 4, turn: 2, model: "a/b" });
  });

  test("wait until it is known where the stream begins, or that there is none", async () => {
    for (const begin of [
      (live: ReturnType<typeof createLive>) => live.startAt(3),
      (live: ReturnType<typeof createLive>) => live.setConnection("lost"),
    ]) {
      const live = createLive();
      let isStarted = false;
      const started = live.whenStarted().then(() => (isStarted = true));
      await Promise.resolve();
      expect(isStarted).toBe(false);
      begin(live);
      await started;
      expect(isStarted).toBe(true);
    }
  });
});

describe("items", () => {
  test("of threads that are not held are not kept, but counted", () => {
    const live = createLive();
    live.layThings("threads", [{ id: "thr_1", title: "x", itemCount: 1 }], 0);
    live.receive([anEvent(1, { item: anItem(2) }, "item.added")]);
    expect(live.read().view.items).toEqual({});
    expect(live.read().view.threads["thr_1"]).toMatchObject({ itemCount: 2, updatedAt: "2026-01-01T00:00:00.000Z" });
  });

  test("of a held thread are in order, each once, whichever of page and event comes first", () => {
    const live = createLive();
    live.holdThread("thr_1");
    live.receive([anEvent(1, { item: anItem(4) }, "item.added"), anEvent(2, { item: anItem(5) }, "item.added")]);
    live.layItems("thr_1", [anItem(3), anItem(4)]);
    live.receive([anEvent(3, { item: anItem(6) }, "item.added")]);
    live.layItems("thr_1", [anItem(1), anItem(2)]);
    expect(live.read().view.items["thr_1"]?.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("go when the last who held their thread lets go, and a late page does not bring them back", () => {
    const live = createLive();
    live.holdThread("thr_1");
    live.holdThread("thr_1");
    live.layItems("thr_1", [anItem(1)]);
    live.releaseThread("thr_1");
    expect(live.read().view.items["thr_1"]).toHaveLength(1);
    live.releaseThread("thr_1");
    live.layItems("thr_1", [anItem(2)]);
    expect(live.read().view.items).toEqual({});
  });

  test("come once from a stream that begins again at an earlier event", () => {
    const live = createLive();
    live.holdThread("thr_1");
    const events = [1, 2, 3].map((seq) => anEvent(seq, { item: anItem(seq) }, "item.added"));
    live.receive(events);
    const before = live.read().view;
    live.receive(events);
    expect(live.read().view).toEqual(before);
    live.receive([...events.slice(1), anEvent(4, { item: anItem(4) }, "item.added")]);
    expect(live.read().view.items["thr_1"]?.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
  });
});

const STEP = { id: "step_1", runId: "run_1", number: 1, turn: 1, kind: "model_call", name: "a/b", status: "running" };

describe("drafts", () => {
  test("grow piece by piece, and go when their step broke off", () => {
    const live = caughtUp();
    live.receive([anEvent(1, { step: STEP }, "step.started"), aDelta("Hel"), aDelta("Hm", { kind: "reasoning" })]);
    live.receive([aDelta("lo")]);
    expect(live.read().drafts["step_1"]).toMatchObject({ text: "Hello", reasoning: "Hm", isCut: false });
    live.receive([anEvent(2, { step: { id: "step_1", status: "failed" } }, "step.failed")]);
    expect(live.read().drafts).toEqual({});
  });

  test("stay when their step is completed, until what was said is there, so that nothing vanishes in between", () => {
    const live = caughtUp();
    live.receive([anEvent(1, { step: STEP }, "step.started"), aDelta("Hello")]);
    live.receive([anEvent(2, { step: { id: "step_1", status: "completed" } }, "step.completed")]);
    expect(live.read().drafts["step_1"]?.text).toBe("Hello");
    const thought = { ...anItem(1, { type: "reasoning", text: "Hm" }), stepId: "step_1" };
    live.receive([anEvent(3, { item: thought }, "item.added")]);
    expect(live.read().drafts["step_1"]?.text).toBe("Hello");
    const answer = { ...anItem(2, { type: "message", role: "agent", text: "Hello" }), stepId: "step_1" };
    live.receive([anEvent(4, { item: answer }, "item.added")]);
    expect(live.read().drafts).toEqual({});
  });

  test("of a step that came to nothing go when its run goes on", () => {
    const live = caughtUp();
    live.receive([aDelta("Hm", { kind: "reasoning" })]);
    live.receive([anEvent(1, { step: { id: "step_1", status: "completed" } }, "step.completed")]);
    const other = { ...anEvent(2, { run: { id: "run_2" } }, "run.waiting"), runId: "run_2" };
    live.receive([other]);
    expect(Object.keys(live.read().drafts)).toEqual(["step_1"]);
    live.receive([anEvent(3, { run: { id: "run_1", status: "waiting" } }, "run.waiting")]);
    expect(live.read().drafts).toEqual({});
  });

  test("end with their item, so that nothing is shown twice between the two", () => {
    const live = caughtUp();
    live.receive([aDelta("Hello")]);
    live.receive([anEvent(1, { item: { ...anItem(1), stepId: "step_1" } }, "item.added")]);
    expect(live.read().drafts).toEqual({});
  });

  test("end with their run, and with their tool call", () => {
    const live = caughtUp();
    live.receive([aDelta("a"), aDelta("b", { stepId: "step_2", runId: "run_2", kind: "output" })]);
    live.receive([anEvent(1, { run: { id: "run_1", status: "canceled" } }, "run.canceled")]);
    expect(Object.keys(live.read().drafts)).toEqual(["step_2"]);
    live.receive([anEvent(2, { toolCall: { id: "call_1" }, step: { id: "step_2" } }, "tool_call.completed")]);
    expect(live.read().drafts).toEqual({});
  });

  test("are not begun by a piece that comes after the end of its step", () => {
    const live = caughtUp();
    live.receive([anEvent(1, { step: STEP }, "step.started")]);
    live.receive([anEvent(2, { step: { id: "step_1", status: "completed" } }, "step.completed"), aDelta("late")]);
    expect(live.read().drafts).toEqual({});
  });

  test("are written anew by another try of the same call", () => {
    const live = caughtUp();
    live.receive([
      aDelta("Once upon", { attempt: 1 }),
      aDelta("Once ", { attempt: 2 }),
      aDelta("more", { attempt: 2 }),
    ]);
    expect(live.read().drafts["step_1"]?.text).toBe("Once more");
  });

  test("whose beginning was not heard say so; pieces that come before the event of their step are its beginning", () => {
    const live = caughtUp();
    live.receive([aDelta("He"), anEvent(1, { step: STEP }, "step.started"), aDelta("llo")]);
    expect(live.read().drafts["step_1"]).toMatchObject({ text: "Hello", isCut: false });
    live.receive([aDelta("rest", { stepId: "step_7" })]);
    expect(live.read().drafts["step_7"]).toMatchObject({ text: "rest", isCut: true });
  });

  test("of a server that was killed in the middle of an answer disappear, and the answer is written from its start", () => {
    const live = caughtUp();
    live.holdThread("thr_1");
    live.receive([anEvent(1, { item: anItem(1) }, "item.added"), anEvent(2, { step: STEP }, "step.started")]);
    live.receive([aDelta("Half of an ans")]);
    // The connection breaks; the store is told, and the stream goes on after event 2.
    live.resetDrafts();
    live.setConnection("lost");
    expect(live.read().drafts).toEqual({});
    live.setConnection("live");
    const again = { ...STEP, id: "step_2", number: 2 };
    live.receive([
      anEvent(2, { step: STEP }, "step.started"),
      anEvent(3, { run: { id: "run_1", status: "running", epoch: 2 } }, "run.started"),
      anEvent(4, { step: { id: "step_1", status: "interrupted" } }, "step.interrupted"),
    ]);
    live.endCatchUp();
    live.receive([anEvent(5, { step: again }, "step.started"), aDelta("The whole ", { stepId: "step_2" })]);
    expect(live.read().drafts).toMatchObject({ step_2: { text: "The whole ", isCut: false } });
    expect(Object.keys(live.read().drafts)).toEqual(["step_2"]);
    const answer = { ...anItem(2, { type: "message", role: "agent", text: "The whole answer" }), stepId: "step_2" };
    live.receive([
      aDelta("answer", { stepId: "step_2" }),
      anEvent(6, { step: { id: "step_2", status: "completed" } }, "step.completed"),
      anEvent(7, { item: answer }, "item.added"),
    ]);
    expect(live.read().drafts).toEqual({});
    expect(live.read().view.items["thr_1"]?.map(({ position }) => position)).toEqual([1, 2]);
  });

  test("of a step that began before the connection did are cut, though its event is told again", () => {
    const live = createLive();
    live.receive([anEvent(1, { step: STEP }, "step.started"), aDelta("the end of a sentence")]);
    expect(live.read().drafts["step_1"]?.isCut).toBe(true);
  });
});

describe("what is let go", () => {
  const most = Object.fromEntries(Object.values(PLACE_OF_FIELD).map((place) => [place, 10])) as Record<Place, number>;
  const noneHeld = { touchedAt: new Map<string, number>(), isThreadHeld: () => false };

  function runsView(count: number, status: (index: number) => string) {
    const runs = Array.from({ length: count }, (_, index) => aRun({ id: `run_${index}`, status: status(index) }));
    return { ...EMPTY_VIEW, runs: Object.fromEntries(runs.map((run) => [run.id, run])) } as never as typeof EMPTY_VIEW;
  }

  test("is the oldest of what is over; what is open stays, however much it is", () => {
    const view = runsView(100, (index) => (index < 30 ? "running" : "completed"));
    const touchedAt = new Map([
      ["run_99", 1],
      ["run_40", 5],
    ]);
    const left = Object.keys(withoutOldest(view, { ...noneHeld, touchedAt }, most).runs);
    expect(left).toHaveLength(30);
    const some = Object.keys(
      withoutOldest(
        runsView(20, () => "failed"),
        { ...noneHeld, touchedAt: new Map([["run_3", 9]]) },
        most,
      ).runs,
    );
    expect(some).toHaveLength(10);
    expect(some).toContain("run_3");
  });

  test("is nothing of a thread that is held, and nothing while there is little", () => {
    const many = runsView(100, () => "completed");
    expect(withoutOldest(many, { ...noneHeld, isThreadHeld: () => true }, most).runs).toEqual(many.runs);
    const few = runsView(10, () => "completed");
    expect(withoutOldest(few, noneHeld, most)).toBe(few);
  });

  test("keeps the view bounded over days of events", () => {
    const live = createLive();
    for (let seq = 1; seq <= 5_000; seq += 1)
      live.receive([anEvent(seq, { run: aRun({ id: `run_${seq}`, status: "completed" }) })]);
    const held = Object.keys(live.read().view.runs);
    expect(held.length).toBeLessThan(2_000);
    expect(held).toContain("run_5000");
  });
});

const IDS = ["x_1", "x_2", "x_3"];
const someWhole = fc.record({
  id: fc.constantFrom(...IDS),
  threadId: fc.constant("thr_1"),
  status: fc.constantFrom("running", "completed"),
  sentence: fc.constantFrom("a", "b", "c"),
  stepCount: fc.nat(5),
  turn: fc.nat(5),
});
const somePart = fc.record(
  { id: fc.constantFrom(...IDS), status: fc.constantFrom("running", "completed"), sentence: fc.constantFrom("d", "e") },
  { requiredKeys: ["id"] },
);
const someEvents = fc
  .array(fc.tuple(fc.constantFrom(...EVENT_TYPES), fc.oneof(someWhole, somePart)), { maxLength: 30 })
  .map((list) => list.map(([type, run], index) => anEvent(index + 1, { run }, type)));

test("any interleaving of events with replies of any age comes to what all events say", () => {
  fc.assert(
    fc.property(
      someEvents,
      // When each reply is asked for, how much later the server reads it, how much later it arrives.
      fc.array(fc.tuple(fc.nat(30), fc.nat(5), fc.nat(10)), { maxLength: 8 }),
      (changes, asks) => {
        // What the server holds from the start is whole; its state after n events is what all of them say.
        const whole = IDS.map((id) => ({ ...aRun({ id, sentence: "first" }) }));
        const seed = { ...EMPTY_VIEW, runs: Object.fromEntries(whole.map((run) => [run.id, run])) } as never;
        const stateAt = (count: number) => applyEvents(seed, changes.slice(0, count)).runs;
        const live = createLive();
        for (let now = 0; now <= changes.length; now += 1) {
          if (now > 0) live.receive([changes[now - 1]!]);
          for (const [asked, later, arriving] of asks) {
            const arrives = Math.min(asked + later + arriving, changes.length);
            const read = Math.min(asked + later, changes.length);
            if (arrives === now && asked <= changes.length) live.layThings("runs", Object.values(stateAt(read)), asked);
          }
        }
        const expected = stateAt(changes.length);
        const { runs } = live.read().view;
        for (const id of Object.keys(runs)) expect(runs[id]).toEqual(expected[id]);
        const isFetched = asks.some(([asked]) => asked <= changes.length);
        if (isFetched) expect(Object.keys(runs).toSorted()).toEqual(IDS);
      },
    ),
  );
});
