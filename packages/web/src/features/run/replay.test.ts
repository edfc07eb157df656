import { applyEvents, type BureauEvent, EMPTY_VIEW } from "@bureau/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createReplay, LONGEST_PAUSE_MS, nextFrame } from "./replay.ts";

function eventsAt(times: readonly number[]): BureauEvent[] {
  return times.map((time, index) => ({
    seq: index * 3 + 1,
    type: "run.started",
    at: new Date(1_760_000_000_000 + time).toISOString(),
    threadId: "thr_1",
    runId: "run_1",
    goalId: null,
    data: { run: { id: `run_${index % 4}`, stepCount: index } },
  }));
}

test("long pauses are shortened, and it is said by how much", () => {
  const { times, shortened } = createReplay(eventsAt([0, 500, 60_500, 61_000]));
  expect(times).toEqual([0, 500, 500 + LONGEST_PAUSE_MS, 1_000 + LONGEST_PAUSE_MS]);
  expect(shortened).toEqual({ count: 1, ms: 60_000 - LONGEST_PAUSE_MS });
});

test("a frame comes sooner at a higher speed, and takes along what falls into it", () => {
  const times = [0, 1_000, 1_001, 1_002, 2_000];
  expect(nextFrame(times, 1, 1)).toEqual({ afterMs: 1_000, shown: 2 });
  expect(nextFrame(times, 1, 4)).toEqual({ afterMs: 250, shown: 2 });
  expect(nextFrame(times, 2, 1)).toEqual({ afterMs: 16, shown: 4 });
  expect(nextFrame(times, 5, 1)).toBe(null);
});

test("frames reach the end in the time that the replay takes, whatever the speed", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(4_000), { minLength: 1, maxLength: 60 }),
      fc.constantFrom(1, 4, 16, 64),
      (gaps, speed) => {
        let time = 0;
        const { times } = createReplay(eventsAt(gaps.map((gap) => (time += gap))));
        let shown = 0;
        for (let frame = nextFrame(times, shown, speed); frame !== null; frame = nextFrame(times, shown, speed)) {
          expect(frame.shown).toBeGreaterThan(shown);
          shown = frame.shown;
        }
        expect(shown).toBe(times.length);
      },
    ),
  );
});

test("the view at any moment is what the events up to it say, in whatever order moments are looked at", () => {
  const events = eventsAt(Array.from({ length: 700 }, (_, index) => index * 10));
  const replay = createReplay(events);
  fc.assert(
    fc.property(fc.array(fc.nat(720), { maxLength: 6 }), (moments) => {
      for (const moment of moments) {
        expect(replay.viewAfter(moment)).toEqual(applyEvents(EMPTY_VIEW, events.slice(0, moment)));
      }
    }),
    { numRuns: 30 },
  );
});
