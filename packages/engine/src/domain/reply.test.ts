import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "@bureau/protocol";
import { parseReply, type ReplyDecision } from "./reply.ts";

const approve = (...positions: number[]): ReplyDecision[] =>
  positions.map((position) => ({ position, decision: "approve" }));
const deny = (...positions: number[]): ReplyDecision[] => positions.map((position) => ({ position, decision: "deny" }));

describe("parseReply", () => {
  test.each<[string, ReplyDecision[]]>([
    ["4, 5 and 7", approve(4, 5, 7)],
    ["all", approve(1, 2, 3, 4, 5, 6, 7)],
    ["All but 2.", approve(1, 3, 4, 5, 6, 7)],
    ["all except 2 and 4-6", approve(1, 3, 7)],
    ["2-4", approve(2, 3, 4)],
    ["2 to 4", approve(2, 3, 4)],
    ["5 no", deny(5)],
    ["4, 5 no", deny(4, 5)],
    ["4 yes, 5 no", [...approve(4), ...deny(5)]],
    ["yes 4, no 5 and 6", [...approve(4), ...deny(5, 6)]],
    ["no to all", deny(1, 2, 3, 4, 5, 6, 7)],
    ["5 no, 1", [...approve(1), ...deny(5)]],
    ["#3 please", approve(3)],
  ])("reads %j", (reply, expected) => {
    expect(parseReply(reply, 7)).toEqual(expected);
  });

  test("a bare yes or no decides a list of one and no other", () => {
    expect(parseReply("yes", 1)).toEqual(approve(1));
    expect(parseReply("no", 1)).toEqual(deny(1));
    expect(() => parseReply("yes", 2)).toThrow("does not say which of the 2");
  });

  test.each([
    ["", "not understood"],
    ["8", "no number 8"],
    ["0", "no number 0"],
    ["4-2", "runs backwards"],
    ["4 yes, 4 no", "both approves and denies number 4"],
    ["no yes 4", "not understood"],
    ["do not send 4", "not understood"],
    ["4 maybe", "not understood"],
    ["all but", "not understood"],
    ["but 2", "not understood"],
    ["4 → Friday", "not understood"],
    ["1".repeat(501), "characters long"],
  ])("refuses %j", (reply, message) => {
    expect(() => parseReply(reply, 7)).toThrow(message);
  });

  test("any set of numbers is read as that set", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (positions) => {
        const sorted = positions.toSorted((one, other) => one - other);
        expect(parseReply(positions.join(", "), 60)).toEqual(approve(...sorted));
        expect(parseReply(`${positions.join(" and ")} no`, 60)).toEqual(deny(...sorted));
      }),
    );
  });

  test("all but some is the complement of those", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 19 }), (left) => {
        const read = parseReply(`all but ${left.join(", ")}`, 20).map((decision) => decision.position);
        expect([...read, ...left].toSorted((one, other) => one - other)).toEqual(
          Array.from({ length: 20 }, (_, index) => index + 1),
        );
      }),
    );
  });

  test("any text is either read within the list or refused", () => {
    const word = fc.constantFrom("all", "but", "no", "yes", "1", "3", "9", "2-4", "4-1", "and", ",", "to", "-", "x");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 8 }).map((words) => words.join(" ")),
        ),
        (reply) => {
          try {
            const decisions = parseReply(reply, 5);
            const positions = decisions.map((decision) => decision.position);
            expect(positions.every((position) => position >= 1 && position <= 5)).toBe(true);
            expect(new Set(positions).size).toBe(positions.length);
            expect(positions.length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
          }
        },
      ),
    );
  });
});
