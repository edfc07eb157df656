import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson, textHash } from "./hash.ts";
import {
  afterContinuation,
  callSignature,
  fingerprint,
  type IdleState,
  REPEAT_STOP,
  REPEAT_WARN,
  repeatedCalls,
  type WorkState,
} from "./progress.ts";

const STATE: WorkState = {
  findings: [{ status: "unverified", detail: "Exit status 1.\nran in 1.23 s at 2026-03-01T10:00:00Z" }],
  folder: "abc",
  plan: null,
  calls: ["read:1"],
};

describe("fingerprint", () => {
  test("is the same when only times and durations differ", () => {
    const later = {
      ...STATE,
      findings: [{ status: "unverified" as const, detail: "Exit status 1.\nran in 4.5 s at 2026-03-01T10:05:07Z" }],
    };
    expect(fingerprint(later)).toBe(fingerprint(STATE));
  });

  test.each<[string, Partial<WorkState>]>([
    ["a finding", { findings: [{ status: "verified", detail: "" }] }],
    ["a file", { folder: "abd" }],
    ["the plan", { plan: "1. do" }],
    ["a tool's result", { calls: ["read:2"] }],
  ])("changes with %s", (_what, change) => {
    expect(fingerprint({ ...STATE, ...change })).not.toBe(fingerprint(STATE));
  });
});

describe("afterContinuation", () => {
  test("stops at the third continuation that changed nothing, and says why", () => {
    let state: IdleState = { fingerprint: null, idleCount: 0 };
    const verdicts = ["a", "a", "a", "a"].map((now) => {
      const verdict = afterContinuation(state, now);
      state = verdict;
      return verdict;
    });
    expect(verdicts.map((verdict) => verdict.stop)).toEqual([false, false, false, true]);
    expect(verdicts[3]?.sentence).toBe(
      "Stopped: 3 continuations in a row changed nothing in the files, the plan or the checks.",
    );
  });

  test("counts anew after any change", () => {
    expect(afterContinuation({ fingerprint: "a", idleCount: 2 }, "b")).toMatchObject({ idleCount: 0, stop: false });
  });
});

describe("repeatedCalls", () => {
  const call = (name: string, result: string, args: unknown = { path: "a" }): string =>
    callSignature({ name, arguments: args, result });

  test("warns at three in a row and stops at the limit", () => {
    const verdict = (count: number) => repeatedCalls(Array(count).fill(call("read", "x"))).verdict;
    expect([1, 2, REPEAT_WARN, REPEAT_STOP - 1, REPEAT_STOP].map((count) => verdict(count))).toEqual([
      "ok",
      "ok",
      "warn",
      "warn",
      "stop",
    ]);
  });

  test("takes the order of arguments for nothing", () => {
    const calls = [0, 1, 2, 3, 4].map((index) => call("read", "x", index % 2 === 0 ? { a: 1, b: 2 } : { b: 2, a: 1 }));
    expect(repeatedCalls(calls)).toMatchObject({ verdict: "warn", count: 5 });
  });

  test("lets polling go on while the result changes", () => {
    expect(repeatedCalls([1, 2, 3, 4, 5, 6].map((line) => call("read", `line ${line}`))).verdict).toBe("ok");
  });

  test("sees a short loop of different calls", () => {
    const loop = [call("read", "x"), call("list", "y")];
    expect(repeatedCalls(Array(REPEAT_STOP).fill(loop).flat())).toMatchObject({ verdict: "stop", count: REPEAT_STOP });
  });

  test("forgets what came before the last different call", () => {
    expect(repeatedCalls([...Array(4).fill(call("read", "x")), call("write", "y"), call("read", "x")]).verdict).toBe(
      "ok",
    );
  });
});

describe("hashes", () => {
  test("differ for different texts", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => (textHash(a) === textHash(b)) === (a === b)));
  });

  test("canonical JSON does not depend on the order of keys", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
