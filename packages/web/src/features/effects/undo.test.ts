import type { Effect } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { pressingFirst, undoOf } from "./undo.ts";

const NOW = Date.parse("2026-01-01T10:00:00Z");

function anEffect(values: Partial<Effect>): Effect {
  return {
    status: "approved",
    undoneAt: null,
    undoUntil: null,
    approvedAt: null,
    reversible: false,
    ...values,
  } as Effect;
}

describe("an effect", () => {
  test("can be stopped while its window runs, and not after", () => {
    const effect = anEffect({ approvedAt: "2026-01-01T09:59:58Z", undoUntil: "2026-01-01T10:00:08Z" });
    expect(undoOf(effect, NOW)).toEqual({ kind: "stop", leftMs: 8_000, wholeMs: 10_000 });
    expect(undoOf(effect, NOW + 8_000)).toBeNull();
  });

  test("that has not begun and has no window can be stopped", () => {
    expect(undoOf(anEffect({}), NOW)).toEqual({ kind: "stop_any_time" });
  });

  test("that is done can be taken back only where there is an inverse, and once", () => {
    expect(undoOf(anEffect({ status: "done" }), NOW)).toBeNull();
    expect(undoOf(anEffect({ status: "done", reversible: true }), NOW)).toEqual({ kind: "take_back" });
    const undone = anEffect({ status: "done", reversible: true, undoneAt: "2026-01-01T09:00:00Z" });
    expect(undoOf(undone, NOW)).toBeNull();
  });

  test("that has begun, or of which nobody can tell, cannot be undone", () => {
    for (const status of ["started", "unknown", "failed", "denied", "proposed"] as const) {
      expect(undoOf(anEffect({ status }), NOW)).toBeNull();
    }
  });
});

test("unknown effects stand first, then those under way; the others keep their order", () => {
  const statuses = ["done", "approved", "unknown", "failed", "unknown"] as const;
  const effects = statuses.map((status, id) => anEffect({ status, id: `${id}` as never }));
  expect(pressingFirst(effects).map(({ id }) => id)).toEqual(["2", "4", "1", "0", "3"]);
});
