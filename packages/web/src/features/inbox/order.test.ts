import type { InboxEntry, InboxKind } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { entryAfter, nextOrder, ranked } from "./order.ts";

function anEntry(id: string, kind: InboxKind = "approval", createdAt = id): InboxEntry {
  return { id, kind, createdAt } as unknown as InboxEntry;
}

describe("the order of the inbox", () => {
  test("is that of the kinds, then the oldest first", () => {
    const entries = [
      anEntry("4", "stopped"),
      anEntry("3", "question"),
      anEntry("2"),
      anEntry("1"),
      anEntry("5", "unknown_effect"),
    ];
    expect(ranked(entries).map(({ id }) => id)).toEqual(["5", "1", "2", "3", "4"]);
  });

  test("is the ranking while nobody has it in hand", () => {
    expect(nextOrder(["9", "2"], [anEntry("2"), anEntry("1")], false)).toEqual(["1", "2"]);
  });

  test("stays while somebody has it in hand: the decided keep their place, the new come last", () => {
    expect(nextOrder(["9", "2"], [anEntry("2"), anEntry("1")], true)).toEqual(["9", "2", "1"]);
  });

  test("that did not change is the same object", () => {
    const shown = ["1", "2"];
    expect(nextOrder(shown, [anEntry("1"), anEntry("2")], false)).toBe(shown);
    expect(nextOrder(shown, [anEntry("1")], true)).toBe(shown);
  });
});

describe("after a decision", () => {
  const pending =
    (...ids: string[]) =>
    (id: string) =>
      ids.includes(id);

  test("the next that waits comes up, or the last before it, or nothing", () => {
    const order = ["1", "2", "3", "4"];
    expect(entryAfter(order, ["2"], pending("1", "4"))).toBe("4");
    expect(entryAfter(order, ["1", "3"], pending("2", "4"))).toBe("4");
    expect(entryAfter(order, ["4"], pending("1", "2", "4"))).toBe("2");
    expect(entryAfter(order, ["4"], pending("4"))).toBeNull();
  });
});
