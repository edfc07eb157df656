import { describe, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { runWorker } from "./run-worker.ts";

// A program that does what its job says.
const PROGRAM = new URL(
  `data:text/javascript,${encodeURIComponent(`
import { parentPort, threadId } from "node:worker_threads";
parentPort.on("message", (job) => {
  if (job === "throw") throw new Error("broken");
  if (job === "loop") { parentPort.postMessage({ found: "looping" }); for (;;); }
  if (job === "grow") { const held = []; for (;;) held.push(new Array(1e6).fill(held.length)); }
  parentPort.postMessage({ found: threadId });
  parentPort.postMessage({ done: true });
});`)}`,
);

async function run(data: string, changes: { timeMs?: number; signal?: AbortSignal } = {}) {
  const found: unknown[] = [];
  const signal = changes.signal ?? new AbortController().signal;
  const onMessage = (message: unknown) => found.push(message);
  const job = { file: PROGRAM, data, timeMs: changes.timeMs ?? 20_000, clock: systemClock, signal, onMessage };
  return { outcome: await runWorker(job), found };
}

describe("runWorker", () => {
  test("gives a thread that is done to the next job", async () => {
    const [first, second] = [await run("work"), await run("work")];
    expect(first.outcome).toBe("ended");
    expect(second).toEqual(first);
  });

  test.each(["throw", "grow"])(
    "a job that breaks its thread by a %s fails alone, and the next one works",
    async (job) => {
      expect((await run(job)).outcome).toBe("failed");
      expect((await run("work")).outcome).toBe("ended");
    },
  );

  test("a job past its time is ended and what it found is kept", async () => {
    expect(await run("loop", { timeMs: 400 })).toEqual({ outcome: "out_of_time", found: ["looping"] });
  });

  test("many jobs wait their turn and all end", async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => run("work")));
    expect(all.every(({ outcome }) => outcome === "ended")).toBe(true);
    expect(new Set(all.flatMap(({ found }) => found)).size).toBeLessThanOrEqual(2);
  });

  test("stopping ends a running job and one that waits", async () => {
    const stop = new AbortController();
    const jobs = [1, 2, 3].map(() => run("loop", { signal: stop.signal }));
    stop.abort(new Error("stopped"));
    const outcomes = await Promise.allSettled(jobs);
    expect(outcomes.map((each) => each.status === "rejected" && String(each.reason))).toEqual(
      Array.from({ length: 3 }, () => "Error: stopped"),
    );
    expect((await run("work")).outcome).toBe("ended");
  });
});
