import { describe, expect, test } from "vitest";
import type { Clock } from "../clock.ts";
import { createGovernor } from "./governor.ts";

const SIGNAL = new AbortController().signal;

function movedClock(): Clock & { ms: number } {
  const clock = { ms: 0, now: () => clock.ms, sleep: async (ms: number) => void (clock.ms += ms) };
  return clock;
}

describe("the governor of a provider", () => {
  test("gives places in the order of asking, and an aborted call leaves the queue", async () => {
    const governor = createGovernor(1, movedClock());
    const first = await governor.enter(SIGNAL);
    const order: string[] = [];
    const aborting = new AbortController();
    const second = governor.enter(aborting.signal).catch(() => order.push("aborted"));
    const third = governor.enter(SIGNAL).then((admission) => {
      order.push("third");
      return admission;
    });
    aborting.abort(new Error("enough"));
    await second;
    if (first.type === "go") first.leave();
    expect((await third).type).toBe("go");
    expect(order).toEqual(["aborted", "third"]);
  });

  test("leaving twice frees one place", async () => {
    const governor = createGovernor(1, movedClock());
    const first = await governor.enter(SIGNAL);
    if (first.type === "go") {
      first.leave();
      first.leave();
    }
    await governor.enter(SIGNAL);
    let entered = false;
    void governor.enter(SIGNAL).then(() => (entered = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(entered).toBe(false);
  });

  test("a short quiet is waited for, a long one is given back", async () => {
    const clock = movedClock();
    const governor = createGovernor(undefined, clock);
    governor.backOff(3_000);
    expect((await governor.enter(SIGNAL)).type).toBe("go");
    expect(clock.ms).toBe(3_000);
    governor.backOff(30_000);
    expect(await governor.enter(SIGNAL)).toEqual({ type: "wait", delayMs: 30_000 });
    clock.ms += 30_000;
    expect((await governor.enter(SIGNAL)).type).toBe("go");
  });

  test("a shorter quiet does not end a longer one", async () => {
    const clock = movedClock();
    const governor = createGovernor(undefined, clock);
    governor.backOff(30_000);
    governor.backOff(1_000);
    expect(await governor.enter(SIGNAL)).toEqual({ type: "wait", delayMs: 30_000 });
  });
});
