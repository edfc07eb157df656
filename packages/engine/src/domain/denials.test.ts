import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { afterApproval, afterDenial, type Denials, denialOf, NO_DENIALS } from "./denials.ts";

type Decision = { type: "deny" | "approve"; hash: string };

/** All decisions in order; what is left, and after which of them a person was asked. */
function play(decisions: readonly Decision[]): { denials: Denials; asked: number[] } {
  let denials = NO_DENIALS;
  const asked: number[] = [];
  decisions.forEach(({ type, hash }, index) => {
    if (type === "approve") {
      denials = afterApproval(denials, hash);
      return;
    }
    const after = afterDenial(denials, { hash, text: `No to ${hash}.` });
    denials = after.denials;
    if (after.asks) asked.push(index);
  });
  return { denials, asked };
}

const denied = (...hashes: string[]): Decision[] => hashes.map((hash) => ({ type: "deny", hash }));

describe("denials", () => {
  test("of three different actions in a row ask the person", () => {
    expect(play(denied("a", "b")).asked).toEqual([]);
    expect(play(denied("a", "b", "c")).asked).toEqual([2]);
    expect(play(denied("a", "b", "c", "d", "e")).asked).toEqual([2]);
    expect(play(denied("a", "b", "c", "d", "e", "f")).asked).toEqual([2, 5]);
  });

  test("of the same action count once, and a yes ends the row", () => {
    expect(play(denied("a", "a", "a", "b")).asked).toEqual([]);
    expect(play([...denied("a", "b"), { type: "approve", hash: "c" }, ...denied("d", "e")]).asked).toEqual([]);
  });

  test("are given again until the same action is approved", () => {
    const { denials } = play(denied("a", "b"));
    expect(denialOf(denials, "a")).toBe("No to a.");
    expect(denialOf(denials, "c")).toBeNull();
    expect(denialOf(null, "a")).toBeNull();
    expect(denialOf(afterApproval(denials, "a"), "a")).toBeNull();
    expect(denialOf(afterApproval(denials, "a"), "b")).toBe("No to b.");
  });

  test("of an edited request hold for the action that the agent wrote too, and count once", () => {
    const first = afterDenial(NO_DENIALS, { hash: "edited", text: "No." }, ["written"]);
    expect(denialOf(first.denials, "written")).toBe("No.");
    expect(denialOf(first.denials, "edited")).toBe("No.");
    expect(first.denials.row).toHaveLength(1);
    expect(afterDenial(first.denials, { hash: "written", text: "No." }).denials.row).toHaveLength(1);
  });

  const decisions = fc.array(
    fc.record({
      type: fc.constantFrom("deny" as const, "deny" as const, "deny" as const, "approve" as const),
      hash: fc.constantFrom("a", "b", "c", "d", "e"),
    }),
    { maxLength: 40 },
  );

  test("ask exactly when three different actions were denied since the last yes or question", () => {
    fc.assert(
      fc.property(decisions, (made) => {
        const expected: number[] = [];
        let since = new Set<string>();
        made.forEach(({ type, hash }, index) => {
          if (type === "approve") since = new Set();
          else since.add(hash);
          if (since.size < 3) return;
          expected.push(index);
          since = new Set();
        });
        expect(play(made).asked).toEqual(expected);
      }),
    );
  });

  test("are remembered by the last word on each action, and never without bound", () => {
    fc.assert(
      fc.property(decisions, (made) => {
        const { denials } = play(made);
        for (const hash of ["a", "b", "c", "d", "e"]) {
          const last = made.findLast((decision) => decision.hash === hash);
          expect(denialOf(denials, hash)).toBe(last?.type === "deny" ? `No to ${hash}.` : null);
        }
      }),
    );
    const many = play(Array.from({ length: 200 }, (_, index) => ({ type: "deny" as const, hash: String(index) })));
    expect(many.denials.known).toHaveLength(50);
    expect(many.denials.row.length).toBeLessThan(3);
  });
});
