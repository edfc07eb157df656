import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Today } from "./due-day.ts";
import { parseReply, type ReplyAction } from "./reply.ts";

/** A Wednesday, late in the evening in Berlin and not yet in New York. */
const TODAY: Today = { now: Date.parse("2026-03-04T22:30:00Z"), timeZone: "Europe/Berlin" };
const SEVEN = [1, 2, 3, 4, 5, 6, 7];

const approve = (...positions: number[]): ReplyAction[] =>
  positions.map((position) => ({ position, type: "decide", decision: "approve" }));
const deny = (...positions: number[]): ReplyAction[] =>
  positions.map((position) => ({ position, type: "decide", decision: "deny" }));
const assign = (position: number, to: string, due: string | null): ReplyAction => ({
  position,
  type: "assign",
  to,
  due,
});
const but = (actions: ReplyAction[], more: object): ReplyAction[] => actions.map((action) => ({ ...action, ...more }));
const read = (reply: string, count: number): ReplyAction[] => {
  const parsed = parseReply(reply, count, TODAY);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.actions;
};

describe("parseReply", () => {
  test.each<[string, ReplyAction[]]>([
    ["4, 5 and 7", approve(4, 5, 7)],
    ["all", approve(...SEVEN)],
    ["All but 2.", approve(1, 3, 4, 5, 6, 7)],
    ["all except 2 and 4-6", approve(1, 3, 7)],
    ["2-4", approve(2, 3, 4)],
    ["2 to 4", approve(2, 3, 4)],
    ["5 no", deny(5)],
    ["4, 5 no", deny(4, 5)],
    ["4: no", deny(4)],
    ["no: 4, 5", deny(4, 5)],
    ["4 yes, 5 no", [...approve(4), ...deny(5)]],
    ["yes 4, no 5 and 6", [...approve(4), ...deny(5, 6)]],
    ["no to all", deny(...SEVEN)],
    ["yes to all", approve(...SEVEN)],
    ["5 no, 1", [...approve(1), ...deny(5)]],
    ["#3 please", approve(3)],
    ["4 no: too expensive", but(deny(4), { note: "too expensive" })],
    ["no to 4 and 5: not before 10:30, please", but(deny(4, 5), { note: "not before 10:30, please" })],
    ["4 yes: but mind the date", but(approve(4), { note: "but mind the date" })],
    ["approve 1-3 for this goal", but(approve(1, 2, 3), { scope: "goal" })],
    ["1 in this run", but(approve(1), { scope: "run" })],
    ["always 1", but(approve(1), { scope: "rule" })],
    ["2 no, always", but(deny(2), { scope: "rule" })],
    ["2 just once", but(approve(2), { scope: "once" })],
    ["2 no for this goal: never to them", but(deny(2), { scope: "goal", note: "never to them" })],
    ["5 → @ana, Friday", [assign(5, "ana", "2026-03-06")]],
    ["5 -> @ana by 2026-12-01", [assign(5, "ana", "2026-12-01")]],
    ["5 => @Jörg.M bis Freitag.", [assign(5, "Jörg.M", "2026-03-06")]],
    ["5 → @ana", [assign(5, "ana", null)]],
    ["5 → @ana, wednesday", [assign(5, "ana", "2026-03-11")]],
    ["5 → @ana, today", [assign(5, "ana", "2026-03-04")]],
    ["5 → @ana, morgen", [assign(5, "ana", "2026-03-05")]],
    ["1-2 -> @ben, So", [assign(1, "ben", "2026-03-08"), assign(2, "ben", "2026-03-08")]],
    [
      "4 no: too expensive; 5 → @ana, Friday\n1-2 for this goal; 3",
      [
        ...but(approve(1, 2), { scope: "goal" }),
        ...approve(3),
        ...but(deny(4), { note: "too expensive" }),
        assign(5, "ana", "2026-03-06"),
      ],
    ],
    ["4; 4", approve(4)],
  ])("reads %j", (reply, expected) => {
    expect(read(reply, 7)).toEqual(expected);
  });

  test("a day is the one of the machine's time zone", () => {
    const reply = "1 → @ana, tomorrow";
    const late = { now: Date.parse("2026-03-04T23:30:00Z"), timeZone: "Europe/Berlin" };
    expect(parseReply(reply, 1, late)).toMatchObject({ actions: [{ due: "2026-03-06" }] });
    expect(parseReply(reply, 1, { ...late, timeZone: "America/New_York" })).toMatchObject({
      actions: [{ due: "2026-03-05" }],
    });
  });

  test("a bare yes or no decides a list of one and no other", () => {
    expect(read("yes", 1)).toEqual(approve(1));
    expect(read("no: too expensive", 1)).toEqual(but(deny(1), { note: "too expensive" }));
    expect(() => read("yes", 2)).toThrow("does not say which of the 2");
    expect(() => read("no: too expensive", 2)).toThrow("too expensive");
  });

  test.each([
    ["", "Not understood"],
    [" ; \n", "Not understood"],
    ["8", "no number 8"],
    ["0", "no number 0"],
    ["8 → @ana", "no number 8"],
    ["4-2", "runs backwards"],
    ["4 yes, 4 no", "both approves and denies number 4"],
    ["4 yes; 4 no: late", "both approves and denies number 4"],
    ["4; 4 for this goal", "two things about number 4"],
    ["4; 4 → @ana", "two things about number 4"],
    ["no yes 4", "Not understood"],
    ["do not send 4", 'Not understood: "do not send"'],
    ["4 maybe", 'Not understood: "maybe"'],
    ["4; 5 perhaps later", 'Not understood: "perhaps later"'],
    ["4 no: too expensive; ask Ben", 'Not understood: "ask Ben"'],
    ["all but", "Not understood"],
    ["but 2", "Not understood"],
    ["4 no:", "Not understood"],
    ["4 no: too expensive, 5", '"5" can be read as part of the reason'],
    ["4 no: too expensive, 5 yes", "can be read as part of the reason"],
    ["4 no: 5", "can be read as part of the reason"],
    ["4 yes, 5 no: late", "to which of the decisions"],
    ["1 yes, 2 no for this goal", "not clear which of the numbers"],
    ["1 for this goal, always", "says twice how far"],
    ["4 → Friday", "Not understood"],
    ["4 → @", "Not understood"],
    ["4 yes → @ana", "Not understood"],
    ["4 → @ana @ben", "not understood as a day"],
    ["4 → @ana, soon", "not understood as a day"],
    ["4 → @ana, 2026-03-03", "not understood as a day"],
    ["4 → @ana, 2026-02-30", "not understood as a day"],
    ["→ @ana", "Not understood"],
    ["1".repeat(2_001), "characters long"],
  ])("refuses %j", (reply, message) => {
    expect(() => read(reply, 7)).toThrow(message);
  });
});

describe("any reply", () => {
  const words = [
    ..."all but no yes 1 3 9 2-4 4-1 and , ; : to - x → @ana always Friday once 0 99999999999999999999".split(" "),
    "\n",
    "for this goal",
  ];
  const word = fc.constantFrom(...words);
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.array(word, { maxLength: 10 }).map((words) => words.join(" ")),
  );

  test("is read within the list or refused with a reason, and never throws", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 5 }), (reply, count) => {
        const parsed = parseReply(reply, count, TODAY);
        if (!parsed.ok) {
          expect(parsed.message).not.toBe("");
          expect(parsed.hint).not.toBe("");
          return;
        }
        const positions = parsed.actions.map((action) => action.position);
        expect(positions.every((position) => position >= 1 && position <= count)).toBe(true);
        expect(new Set(positions).size).toBe(positions.length);
        expect(positions.length).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  test("that names a number which is not on the list decides nothing at all", () => {
    const form = fc.constantFrom<(n: number) => string>(
      (n) => `${n}`,
      (n) => `${n} no`,
      (n) => `${n} no: too late`,
      (n) => `all but ${n}`,
      (n) => `1-${n}`,
      (n) => `${n} → @ana, Friday`,
      (n) => `approve ${n} for this goal`,
      (n) => `2; ${n} yes`,
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(1_000_000), form, (count, more, write) => {
        expect(parseReply(write(count + 1 + more), count, TODAY).ok).toBe(false);
        expect(parseReply(write(0), count, TODAY).ok).toBe(false);
      }),
    );
  });

  test("written from actions is read as the same actions", () => {
    const note = fc
      .array(fc.constantFrom("because", "we", "wait", "for", "Ben's", "offer, first", "at 10:30", "(really)", "– 2"), {
        minLength: 1,
        maxLength: 6,
      })
      .map((words) => `since ${words.join(" ")} x`);
    const scope = fc.constantFrom("once" as const, "run" as const, "goal" as const, "rule" as const);
    const decide = fc
      .record(
        { decision: fc.constantFrom("approve" as const, "deny" as const), scope, note },
        { requiredKeys: ["decision"] },
      )
      .map((action) => ({ type: "decide" as const, ...action }));
    const due = fc
      .integer({ min: 0, max: 800 })
      .map((days) => new Date(Date.parse("2026-03-04T12:00:00Z") + days * 86_400_000).toISOString().slice(0, 10));
    const assigned = fc.record({
      type: fc.constant("assign" as const),
      to: fc.constantFrom("ana", "Jörg", "ben.m", "o-2"),
      due: fc.option(due),
    });
    const actions = fc
      .uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1 })
      .chain((positions) =>
        fc.tuple(
          ...positions
            .toSorted((one, other) => one - other)
            .map((position) => fc.oneof(decide, assigned).map((action): ReplyAction => ({ position, ...action }))),
        ),
      );
    fc.assert(
      fc.property(actions, fc.constantFrom("; ", "\n", ";\r\n"), (wanted, between) => {
        expect(read(wanted.map(written).join(between), 20)).toEqual(wanted);
      }),
      { numRuns: 500 },
    );
  });

  test("of any set of numbers is read as that set, and all but some as the others", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 59 }), (positions) => {
        const sorted = positions.toSorted((one, other) => one - other);
        expect(read(positions.join(", "), 60)).toEqual(approve(...sorted));
        expect(read(`${positions.join(" and ")} no`, 60)).toEqual(deny(...sorted));
        const rest = read(`all but ${positions.join(", ")}`, 60).map((action) => action.position);
        expect([...rest, ...positions].toSorted((one, other) => one - other)).toEqual(
          Array.from({ length: 60 }, (_, index) => index + 1),
        );
      }),
    );
  });
});

const SCOPE_WORDS = { once: "once", run: "for this run", goal: "for this goal", rule: "always" };

function written(action: ReplyAction): string {
  if (action.type === "assign")
    return `${action.position} → @${action.to}${action.due === null ? "" : `, ${action.due}`}`;
  const word = action.decision === "approve" ? "yes" : "no";
  const scope = action.scope === undefined ? "" : ` ${SCOPE_WORDS[action.scope]}`;
  return `${action.position} ${word}${scope}${action.note === undefined ? "" : `: ${action.note}`}`;
}
